/*
 * Makes calls that send fail; loaded before libc. The first FAULT_TIMES calls whose
 * bytes contain FAULT_MARK fail with FAULT_ERRNO. All other calls go to libc.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

static atomic_int failed;

static int number(const char *name) {
  const char *text = getenv(name);
  return text == NULL ? 0 : atoi(text);
}

/* Returns true when this call must fail, and sets errno. */
static int fails(const struct iovec *vector, size_t count) {
  const char *mark = getenv("FAULT_MARK");
  if (mark == NULL) return 0;
  for (size_t i = 0; i < count; i++) {
    const struct iovec *part = &vector[i];
    if (memmem(part->iov_base, part->iov_len, mark, strlen(mark)) == NULL) continue;
    if (atomic_fetch_add(&failed, 1) >= number("FAULT_TIMES")) return 0;
    errno = number("FAULT_ERRNO");
    return 1;
  }
  return 0;
}

static int fails_one(const void *bytes, size_t length) {
  struct iovec vector = {(void *)bytes, length};
  return fails(&vector, 1);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t send(int fd, const void *bytes, size_t length, int flags) {
  return fails_one(bytes, length) ? -1 : REAL(send)(fd, bytes, length, flags);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  return fails_one(bytes, length) ? -1 : REAL(write)(fd, bytes, length);
}

ssize_t writev(int fd, const struct iovec *vector, int count) {
  return fails(vector, (size_t)count) ? -1 : REAL(writev)(fd, vector, count);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  return fails(message->msg_iov, message->msg_iovlen) ? -1 : REAL(sendmsg)(fd, message, flags);
}
