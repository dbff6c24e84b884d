use std::env::var_os;

/// The calls that `src/sys/faults` stands before.
const CALLS: [&str; 28] = [
    "accept4",
    "bind",
    "close",
    "connect",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "eventfd",
    "fcntl",
    "getpeername",
    "getsockname",
    "getsockopt",
    "ioctl",
    "listen",
    "open64",
    "pipe2",
    "read",
    "recv",
    "recvmsg",
    "send",
    "sendmsg",
    "setsockopt",
    "shutdown",
    "socket",
    "socketpair",
    "splice",
    "write",
    "writev",
];

fn main() {
    napi_build::setup();
    let is_linux = var_os("CARGO_CFG_TARGET_OS").is_some_and(|system| system == "linux");
    if is_linux && var_os("CARGO_FEATURE_FAULTS").is_some() {
        for call in CALLS {
            println!("cargo:rustc-link-arg=-Wl,--wrap={call}");
        }
    }
}
