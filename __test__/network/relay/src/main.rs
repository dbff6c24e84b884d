//! A bad network: relays packets between two TUN devices, each in a network namespace of its own.
//!
//! The namespaces belong to two threads of this process, so that nothing of them is left when it ends,
//! however it ends. Standard output names them in its first line. Standard input takes commands, one a
//! line, and each is answered by a line:
//!
//! - `set DIRECTION FAMILY NAME=VALUE...` changes a profile: see [`shaper::Profile`]. DIRECTION is `ab`,
//!   `ba` or `both`, FAMILY is `4`, `6` or `all`.
//! - `carrier on` and `carrier off` plug the cable in and out.
//! - `counts` returns what became of the packets.
//!
//! It ends with its standard input.

#[cfg(target_os = "linux")]
mod link;
#[cfg(any(target_os = "linux", test))]
mod shaper;
#[cfg(target_os = "linux")]
mod sys;

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let seed = arguments.next().and_then(|text| text.parse().ok());
    let mtu = arguments.next().and_then(|text| text.parse().ok());
    link::run(seed.unwrap_or(1), mtu.unwrap_or(1500))
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("namespaces and TUN devices are Linux's");
    std::process::exit(1);
}
