//! The verbs of a handle, each by the handle's key. Names are node's.

use std::net::SocketAddr;

use super::block_list::peer_filter;
use super::raw::{Arguments, Value, Verb};
use super::transfer::deposit;
use crate::env::{Core, NetEnv};
use crate::error::{status, Result};
use crate::event::Key;
use crate::net::{format_address, parse_address, Handle, Transport};
use crate::stream::Relay;
use crate::sys::descriptor;

/// All verbs, by the name that `lib/handle.js` calls.
pub const VERBS: &[(&str, Verb)] = &[
    ("createTcp", |net, _| create(net, Transport::Tcp)),
    ("createPipe", |net, _| create(net, Transport::Pipe)),
    ("open", |net, args| {
        on_handle(net, args, |handle| handle.open(args.int(1)))
    }),
    ("bind", |net, args| bind(net, args, false)),
    ("bind6", |net, args| bind(net, args, true)),
    ("bindPipe", bind_pipe),
    ("listen", listen),
    ("connect", |net, args| connect(net, args, false)),
    ("connect6", |net, args| connect(net, args, true)),
    ("connectPipe", connect_pipe),
    ("chmod", |net, args| {
        on_handle(net, args, |handle| handle.change_mode(args.uint(1)))
    }),
    ("getsockname", |net, args| {
        address(net, args, |handle| handle.local_address())
    }),
    ("getpeername", |net, args| {
        address(net, args, |handle| handle.peer_address())
    }),
    ("readStart", |net, args| {
        to_status(
            net.run(|core| core.verb(key(args), |handle, reactor, _| handle.read_start(reactor))),
        )
    }),
    ("readStop", |net, args| {
        on_handle(net, args, |handle| {
            handle.read_stop();
            Ok(())
        })
    }),
    ("setReadLimit", |net, args| {
        on_handle(net, args, |handle| {
            handle.set_read_limit(args.uint(1) as usize);
            Ok(())
        })
    }),
    ("write", |net, args| {
        written(args.with_bytes(1, |bytes| net.run(|core| core.write(key(args), &[bytes]))))
    }),
    ("writeAll", |net, args| {
        written(args.with_all_bytes(1, |all| net.run(|core| core.write(key(args), all))))
    }),
    ("writeOut", |net, args| {
        let length = args.uint(1) as usize;
        written(net.run_with_out(length, |core, bytes| core.write(key(args), &[bytes])))
    }),
    ("shutdown", |net, args| {
        to_status(net.run(|core| core.shutdown(key(args))))
    }),
    ("relayTo", |net, args| {
        let target = Key::from_raw(args.uint(1));
        to_status(net.run(|core| core.start_relay(key(args), target)))
    }),
    ("relayedIn", |net, args| {
        relayed(net, args, |relay| Value::Count(relay.received()))
    }),
    ("relayedOut", |net, args| {
        relayed(net, args, |relay| Value::Count(relay.sent()))
    }),
    ("relayIdle", |net, args| {
        relayed(net, args, idle_milliseconds)
    }),
    ("setCoalesce", |net, args| {
        on_handle(net, args, |handle| {
            handle.set_gathers(args.boolean(1));
            Ok(())
        })
    }),
    ("setOffload", |net, args| {
        let offloads = args.boolean(1);
        to_status(net.run(|core| core.set_offloads(key(args), offloads)))
    }),
    ("setBlockList", |net, args| {
        on_handle(net, args, |handle| {
            handle.set_peer_filter(peer_filter(args.uint(1)));
            Ok(())
        })
    }),
    ("close", |net, args| {
        to_status(net.run(|core| core.close(key(args))))
    }),
    ("reset", |net, args| {
        to_status(net.run(|core| core.reset(key(args))))
    }),
    ("setReferenced", |net, args| {
        on_handle(net, args, |handle| {
            handle.set_referenced(args.boolean(1));
            Ok(())
        })
    }),
    ("setNoDelay", |net, args| {
        on_handle(net, args, |handle| handle.set_no_delay(args.boolean(1)))
    }),
    ("setKeepAlive", |net, args| {
        on_handle(net, args, |handle| {
            let delay = args.boolean(1).then(|| args.uint(2));
            handle.set_keep_alive(delay, args.optional_uint(3), args.optional_uint(4))
        })
    }),
    ("setTypeOfService", |net, args| {
        on_handle(net, args, |handle| handle.set_type_of_service(args.int(1)))
    }),
    ("getTypeOfService", |net, args| {
        number(net, args, |handle| handle.type_of_service())
    }),
    ("setBlocking", |net, args| {
        on_handle(net, args, |handle| handle.set_blocking(args.boolean(1)))
    }),
    ("fd", |net, args| {
        number(net, args, |handle| Ok(handle.number()))
    }),
    ("isOpen", |net, args| {
        number(net, args, |handle| Ok(i32::from(handle.is_open())))
    }),
    ("share", |net, args| {
        number(net, args, |handle| {
            handle.share().map(descriptor::into_number)
        })
    }),
    ("deposit", |net, args| {
        on_handle(net, args, |handle| {
            deposit(args.text(1), handle.share()?);
            Ok(())
        })
    }),
    ("access", |net, args| {
        number(net, args, |handle| {
            let access = handle.access();
            Ok(i32::from(access.readable) | i32::from(access.writable) << 1)
        })
    }),
    ("writeQueueSize", |net, args| {
        number(net, args, |handle| {
            Ok(i32::try_from(handle.write_queue_size()).unwrap_or(i32::MAX))
        })
    }),
    ("stats", |net, _| {
        Value::Counts(net.run(|core| core.stats().to_vec()))
    }),
    ("handleStats", |net, args| {
        match net.run(|core| core.verb(key(args), |handle, _, _| Ok(handle.stats().to_vec()))) {
            Ok(counts) => Value::Counts(counts),
            Err(errno) => Value::Int(errno.code()),
        }
    }),
    ("reportException", |_, args| {
        args.report_exception(0);
        Value::Int(0)
    }),
    ("retryAccept", |net, _| {
        net.run(Core::retry_starved);
        Value::Int(0)
    }),
    ("stopGathering", |net, _| {
        net.run(Core::stop_gathering);
        Value::Int(0)
    }),
];

fn key(args: &Arguments<'_>) -> Key {
    Key::from_raw(args.uint(0))
}

fn to_status(result: Result<()>) -> Value {
    Value::Int(status(result))
}

fn to_number(result: Result<i32>) -> Value {
    Value::Int(result.unwrap_or_else(|errno| errno.code()))
}

/// 0: all bytes are out of JavaScript's hands; 1: a `Written` event follows.
fn written(outcome: Option<Result<bool>>) -> Value {
    to_number(
        outcome
            .unwrap_or(Err(crate::error::Errno::INVAL))
            .map(i32::from),
    )
}

fn on_handle(
    net: &NetEnv,
    args: &Arguments<'_>,
    verb: impl FnOnce(&mut Handle) -> Result<()>,
) -> Value {
    to_status(net.run(|core| core.verb(key(args), |handle, _, _| verb(handle))))
}

fn number(
    net: &NetEnv,
    args: &Arguments<'_>,
    verb: impl FnOnce(&mut Handle) -> Result<i32>,
) -> Value {
    to_number(net.run(|core| core.verb(key(args), |handle, _, _| verb(handle))))
}

fn relayed(net: &NetEnv, args: &Arguments<'_>, tell: impl FnOnce(Relay) -> Value) -> Value {
    let relay = net.run(|core| core.verb(key(args), |handle, _, _| Ok(handle.relayed())));
    tell(relay.unwrap_or_default())
}

/// How long ago bytes were last relayed, or -1 where none ever were.
fn idle_milliseconds(relay: Relay) -> Value {
    let idle = relay.last_move().map(|last| last.elapsed().as_millis());
    Value::Int(idle.map_or(-1, |idle| i32::try_from(idle).unwrap_or(i32::MAX)))
}

fn create(net: &NetEnv, transport: Transport) -> Value {
    let made = net.run(|core| core.create(transport));
    to_number(made.map(|key| key.raw().cast_signed()))
}

/// The address in arguments 1 and 2. Ports are 16 bits wide, as libuv truncates them.
fn target(args: &Arguments<'_>, v6: bool) -> Result<SocketAddr> {
    let [low, high, ..] = args.uint(2).to_le_bytes();
    parse_address(&args.text(1), u16::from_le_bytes([low, high]), v6)
}

fn bind(net: &NetEnv, args: &Arguments<'_>, v6: bool) -> Value {
    let flags = args.uint(3);
    let bound = target(args, v6).and_then(|address| {
        net.run(|core| core.verb(key(args), |handle, _, _| handle.bind_tcp(address, flags)))
    });
    to_status(bound)
}

fn connect(net: &NetEnv, args: &Arguments<'_>, v6: bool) -> Value {
    let started = target(args, v6).and_then(|address| {
        net.run_connect(|core| {
            core.verb(key(args), |handle, reactor, _| {
                handle.connect_tcp(reactor, address)
            })
        })
    });
    to_status(started)
}

fn bind_pipe(net: &NetEnv, args: &Arguments<'_>) -> Value {
    let (name, padded) = (args.text(1), net.padded_names());
    on_handle(net, args, |handle| {
        handle.bind_pipe(name.as_bytes(), padded)
    })
}

fn connect_pipe(net: &NetEnv, args: &Arguments<'_>) -> Value {
    let (name, padded) = (args.text(1), net.padded_names());
    to_status(net.run_connect(|core| {
        core.verb(key(args), |handle, reactor, _| {
            handle.connect_pipe(reactor, name.as_bytes(), padded)
        })
    }))
}

fn listen(net: &NetEnv, args: &Arguments<'_>) -> Value {
    let backlog = args.int(1);
    to_status(net.run(|core| core.listen(key(args), backlog)))
}

fn address(
    net: &NetEnv,
    args: &Arguments<'_>,
    query: impl FnOnce(&mut Handle) -> Result<Option<SocketAddr>>,
) -> Value {
    match net.run(|core| core.verb(key(args), |handle, _, _| query(handle))) {
        Ok(Some(address)) => {
            let version = if address.is_ipv6() { 6 } else { 4 };
            Value::Address(format_address(&address), version, address.port())
        }
        Ok(None) => Value::Int(crate::error::Errno::INVAL.code()),
        Err(errno) => Value::Int(errno.code()),
    }
}
