//! The verbs for descriptors that are passed over a Unix-domain socket.

use super::raw::{Value, Verb};
use super::verbs::{key, number, on_handle, sent};
use crate::error::Errno;
use crate::sys::descriptor;

/// Verbs beside those of [`super::verbs::VERBS`].
pub const VERBS: &[(&str, Verb)] = &[
    ("setTakesDescriptors", |net, args| {
        on_handle(net, args, |handle| {
            handle.set_takes_descriptors(args.boolean(1));
            Ok(())
        })
    }),
    ("hasDescriptors", |net, args| {
        number(net, args, |handle| Ok(i32::from(handle.has_descriptors())))
    }),
    ("takeDescriptors", |net, args| {
        let key = key(net, args);
        match net.run(|core| core.take_descriptors(key)) {
            Ok(taken) => Value::Numbers(taken.into_iter().map(descriptor::into_number).collect()),
            Err(errno) => Value::Int(errno.code()),
        }
    }),
    ("holdDescriptors", |net, args| {
        let numbers = args.ints(1);
        number(net, args, |handle| {
            handle.hold_descriptors(&numbers.ok_or(Errno::INVAL)?)
        })
    }),
    ("passDescriptors", |net, args| {
        let (key, from, to) = (key(net, args), args.count(2), args.count(3));
        let ticket = args.int(4);
        sent(args.with_bytes(1, |bytes| {
            net.run(|core| core.pass(key, bytes.first(to).skip(from), ticket))
        }))
    }),
];
