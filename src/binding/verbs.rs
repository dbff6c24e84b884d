//! The verbs. Most take a handle's slot as their first argument. Names are node's where node has
//! one.

use std::net::SocketAddr;

use super::block_list::peer_filter;
use super::raw::{Arguments, Value, Verb};
use super::seam::{READABLE, WRITABLE};
use super::transfer::deposit;
use crate::env::{Core, NetEnv};
use crate::error::{status, Errno, Result};
use crate::event::Key;
use crate::net::{format_address, parse_address, Address, Handle, Limits, Terms, Transport};
use crate::stream::Relay;
use crate::sys::{descriptor, Bytes};

/// All verbs, by the name that `lib/handle/native.js` calls them.
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
    ("listenShared", |net, args| {
        let address = target(args, args.text(1).contains(':')).map(Address::Internet);
        listen_shared(net, args, address, 3)
    }),
    ("listenSharedPipe", |net, args| {
        let name = Address::Name(args.text(1).into_bytes().into());
        listen_shared(net, args, Ok(name), 2)
    }),
    ("setThread", |net, args| {
        net.set_thread(args.uint(0));
        Value::Int(0)
    }),
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
        let key = key(net, args);
        to_status(net.run(|core| core.verb(key, |handle, reactor, _| handle.read_start(reactor))))
    }),
    ("readStop", |net, args| {
        on_handle(net, args, |handle| {
            handle.read_stop();
            Ok(())
        })
    }),
    ("setReadsDirectly", |net, args| {
        on_handle(net, args, |handle| {
            handle.set_reads_directly(args.boolean(1));
            Ok(())
        })
    }),
    ("readInto", |net, args| {
        let key = key(net, args);
        let read = args.with_room(1, |room| net.run(|core| core.read_directly(key, room)));
        to_number(read.unwrap_or(Err(Errno::INVAL)))
    }),
    ("waiting", |net, args| {
        number(net, args, |handle| Ok(handle.waiting()))
    }),
    ("isAbove", |_, args| {
        let address = |index| args.with_room(index, |mut room| room.start() as usize);
        Value::Int(i32::from(address(0) > address(1)))
    }),
    ("write", |net, args| {
        let (key, from, to) = (key(net, args), args.count(2), args.count(3));
        sent(args.with_bytes(1, |bytes| {
            net.run(|core| core.write(key, &mut [bytes.first(to).skip(from)]))
        }))
    }),
    ("writeAll", |net, args| {
        let (key, skip) = (key(net, args), args.count(2));
        sent(args.with_all_bytes(1, |mut all| {
            Bytes::advance(&mut all, skip);
            net.run(|core| core.write(key, all))
        }))
    }),
    ("writeOut", |net, args| {
        let (key, length) = (key(net, args), args.count(1));
        sent(net.run_with_out(length, |core, bytes| core.write_small(key, bytes)))
    }),
    ("writeAround", |net, args| {
        let (key, head, length) = (key(net, args), args.count(1), args.count(3));
        let written = args.with_bytes(2, |body| {
            net.run_with_out(length, |core, small| {
                let (before, after) = small.split_at(head.min(small.len()));
                core.write(key, &mut [before.into(), body, after.into()])
            })
        });
        sent(written.flatten())
    }),
    ("announceWritable", |net, args| {
        let key = key(net, args);
        to_status(net.run(|core| core.announce_writable(key)))
    }),
    ("flush", |net, args| {
        let key = key(net, args);
        to_status(net.run(|core| core.flush(key)))
    }),
    ("failWrites", |net, args| {
        let errno = Errno::from_code(args.int(1));
        on_handle(net, args, |handle| {
            handle.fail_writes(errno);
            Ok(())
        })
    }),
    ("shutdown", |net, args| {
        let key = key(net, args);
        to_status(net.run(|core| core.shutdown(key)))
    }),
    ("relayTo", |net, args| {
        let (key, target) = (key(net, args), net.key_of(args.slot(1)));
        to_status(net.run(|core| core.start_relay(key, target)))
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
            handle.set_coalesces(args.boolean(1));
            Ok(())
        })
    }),
    ("setOffload", |net, args| {
        let (key, offloads) = (key(net, args), args.boolean(1));
        to_status(net.run(|core| core.set_offloads(key, offloads)))
    }),
    ("setBlockList", |net, args| {
        on_handle(net, args, |handle| {
            handle.set_peer_filter(peer_filter(args.uint(1)))
        })
    }),
    ("setLimits", |net, args| {
        let (open, rate) = (args.uint(1), args.uint(2));
        on_handle(net, args, |handle| handle.set_limits(Limits { open, rate }))
    }),
    ("setPaused", |net, args| {
        on_handle(net, args, |handle| handle.set_paused(args.boolean(1)))
    }),
    ("close", |net, args| {
        let key = key(net, args);
        to_status(net.run(|core| core.close(key)))
    }),
    ("reset", |net, args| {
        let key = key(net, args);
        to_status(net.run(|core| core.reset(key)))
    }),
    ("setReferenced", |net, args| {
        on_handle(net, args, |handle| {
            handle.set_referenced(args.boolean(1));
            Ok(())
        })
    }),
    ("isReferenced", |net, args| {
        number(net, args, |handle| Ok(i32::from(handle.is_referenced())))
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
    ("hasEnded", |net, args| {
        number(net, args, |handle| Ok(i32::from(handle.has_ended())))
    }),
    ("isIdle", |net, args| {
        number(net, args, |handle| Ok(i32::from(handle.is_idle())))
    }),
    ("access", |net, args| {
        number(net, args, |handle| {
            let access = handle.access();
            let readable = if access.readable { READABLE } else { 0 };
            let writable = if access.writable { WRITABLE } else { 0 };
            Ok(readable | writable)
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
        let key = key(net, args);
        match net.run(|core| core.verb(key, |handle, _, _| Ok(handle.stats().to_vec()))) {
            Ok(counts) => Value::Counts(counts),
            Err(errno) => Value::Int(errno.code()),
        }
    }),
    ("sharedCounts", |net, args| {
        let key = key(net, args);
        match net.run(|core| core.verb(key, |handle, _, _| handle.shared_counts())) {
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
    ("endTurn", |net, _| {
        net.run(Core::end_turn);
        Value::Int(0)
    }),
    ("stopDeferring", |net, _| {
        net.run(Core::stop_deferring);
        Value::Int(0)
    }),
];

/// Returns the key of the handle whose slot is argument 0.
pub(super) fn key(net: &NetEnv, args: &Arguments<'_>) -> Key {
    net.key_of(args.slot(0))
}

fn to_status(result: Result<()>) -> Value {
    Value::Int(status(result))
}

fn to_number(result: Result<i32>) -> Value {
    Value::Int(result.unwrap_or_else(|errno| errno.code()))
}

/// Returns how many bytes JavaScript need not keep, or a negative errno. A `Writable` event follows
/// if that is not all.
pub(super) fn sent(outcome: Option<Result<usize>>) -> Value {
    match outcome.unwrap_or(Err(Errno::INVAL)) {
        Ok(sent) => Value::Count(sent as u64),
        Err(errno) => Value::Int(errno.code()),
    }
}

pub(super) fn on_handle(
    net: &NetEnv,
    args: &Arguments<'_>,
    verb: impl FnOnce(&mut Handle) -> Result<()>,
) -> Value {
    let key = key(net, args);
    to_status(net.run(|core| core.verb(key, |handle, _, _| verb(handle))))
}

pub(super) fn number(
    net: &NetEnv,
    args: &Arguments<'_>,
    verb: impl FnOnce(&mut Handle) -> Result<i32>,
) -> Value {
    let key = key(net, args);
    to_number(net.run(|core| core.verb(key, |handle, _, _| verb(handle))))
}

fn relayed(net: &NetEnv, args: &Arguments<'_>, tell: impl FnOnce(Relay) -> Value) -> Value {
    let key = key(net, args);
    let relay = net.run(|core| core.verb(key, |handle, _, _| Ok(handle.relayed())));
    tell(relay.unwrap_or_default())
}

/// Returns the milliseconds since bytes were last relayed; -1 if none were.
fn idle_milliseconds(relay: Relay) -> Value {
    let idle = relay.last_move().map(|last| last.elapsed().as_millis());
    Value::Int(idle.map_or(-1, |idle| i32::try_from(idle).unwrap_or(i32::MAX)))
}

fn create(net: &NetEnv, transport: Transport) -> Value {
    let made = net.run(|core| core.create(transport));
    to_number(made.map(Key::slot))
}

/// Returns the address in argument 1 with the port in argument 2. Ports are cut to 16 bits, as in
/// libuv.
fn target(args: &Arguments<'_>, v6: bool) -> Result<SocketAddr> {
    let [low, high, ..] = args.uint(2).to_le_bytes();
    parse_address(&args.text(1), u16::from_le_bytes([low, high]), v6)
}

fn bind(net: &NetEnv, args: &Arguments<'_>, v6: bool) -> Value {
    let (key, flags) = (key(net, args), args.uint(3));
    let bound = target(args, v6).and_then(|address| {
        net.run(|core| core.verb(key, |handle, _, _| handle.bind_tcp(address, flags)))
    });
    to_status(bound)
}

fn connect(net: &NetEnv, args: &Arguments<'_>, v6: bool) -> Value {
    let key = key(net, args);
    let started = target(args, v6).and_then(|address| {
        net.run_connect(|core| {
            core.connect(key, |handle, reactor| handle.connect_tcp(reactor, address))
        })
    });
    to_status(started)
}

fn bind_pipe(net: &NetEnv, args: &Arguments<'_>) -> Value {
    let (name, padded, flags) = (args.text(1), net.padded_names(), args.uint(2));
    on_handle(net, args, |handle| {
        handle.bind_pipe(name.as_bytes(), padded, flags)
    })
}

fn connect_pipe(net: &NetEnv, args: &Arguments<'_>) -> Value {
    let key = key(net, args);
    let (name, padded) = (args.text(1), net.padded_names());
    to_status(net.run_connect(|core| {
        core.connect(key, |handle, reactor| {
            handle.connect_pipe(reactor, name.as_bytes(), padded)
        })
    }))
}

fn listen(net: &NetEnv, args: &Arguments<'_>) -> Value {
    let (key, backlog) = (key(net, args), args.int(1));
    to_status(net.run(|core| core.listen(key, backlog)))
}

/// Listens with flags and a backlog, which are the arguments from `next` on.
fn listen_shared(
    net: &NetEnv,
    args: &Arguments<'_>,
    address: Result<Address>,
    next: usize,
) -> Value {
    let key = key(net, args);
    let listens = address.and_then(|address| {
        let terms = Terms {
            address,
            padded_names: net.padded_names(),
            flags: args.uint(next),
            backlog: args.int(next + 1),
            thread: net.thread(),
        };
        net.run(|core| core.listen_shared(key, &terms))
    });
    to_status(listens)
}

pub(super) fn address(
    net: &NetEnv,
    args: &Arguments<'_>,
    query: impl FnOnce(&mut Handle) -> Result<Option<SocketAddr>>,
) -> Value {
    let key = key(net, args);
    match net.run(|core| core.verb(key, |handle, _, _| query(handle))) {
        Ok(Some(address)) => {
            let version = if address.is_ipv6() { 6 } else { 4 };
            Value::Address(format_address(&address), version, address.port())
        }
        Ok(None) => Value::Int(Errno::INVAL.code()),
        Err(errno) => Value::Int(errno.code()),
    }
}
