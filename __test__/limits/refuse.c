/*
 * Runs a program in which the kernel refuses one system call, by seccomp:
 *
 *   refuse CALL ERRNO PROGRAM [ARGUMENT]...
 */

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(name) { #name, SYS_##name }

static const struct {
    const char *name;
    unsigned int number;
} calls[] = {
    CALL(accept4),  CALL(clone3),     CALL(dup3),        CALL(epoll_create1),
    CALL(eventfd2), CALL(getsockopt), CALL(getpeername), CALL(getsockname),
    CALL(pipe2),    CALL(recvmsg),    CALL(sendmsg),     CALL(setsockopt),
    CALL(shutdown), CALL(splice),     CALL(ppoll),       CALL(recvfrom),
    CALL(sendto),   CALL(epoll_ctl),
};

static int number_of(const char *name) {
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strcmp(calls[i].name, name) == 0) return (int)calls[i].number;
    return -1;
}

int main(int count, char **arguments) {
    int number = count < 4 ? -1 : number_of(arguments[1]);
    if (number < 0) {
        fprintf(stderr, "refuse: CALL ERRNO PROGRAM [ARGUMENT]...\n");
        return 2;
    }
    unsigned int error = (unsigned int)atoi(arguments[2]);
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("refuse");
        return 2;
    }
    execvp(arguments[3], arguments + 3);
    perror(arguments[3]);
    return 2;
}
