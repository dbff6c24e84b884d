//! The verbs for options by name, and for what the system knows of a connection.

use super::raw::{Arguments, Value, Verb};
use super::verbs::{address, key, on_handle};
use crate::env::NetEnv;
use crate::error::{Errno, Result};
use crate::net::Handle;
use crate::sys::{NumberOption, TextOption};

/// Verbs beside those of [`super::verbs::VERBS`].
pub const VERBS: &[(&str, Verb)] = &[
    ("openSocket", |net, args| {
        let (v6, multipath) = (args.boolean(1), args.boolean(2));
        on_handle(net, args, |handle| handle.open_socket(v6, multipath))
    }),
    ("setOption", |net, args| {
        on_handle(net, args, |handle| set_option(handle, args))
    }),
    ("getOption", get_option),
    ("formerPeer", |net, args| {
        address(net, args, |handle| handle.former_peer())
    }),
    ("tcpInfo", |net, args| {
        fields(net, args, |handle| handle.tcp_info())
    }),
    ("peerCredentials", |net, args| {
        fields(net, args, |handle| {
            let found = handle.peer_credentials()?;
            let pid = found.pid.map(|pid| (c"pid", pid.into()));
            let others = [(c"uid", found.uid.into()), (c"gid", found.gid.into())];
            Ok(pid.into_iter().chain(others).collect())
        })
    }),
];

/// Sets the option of the name in argument 1 to the number or text in argument 2.
fn set_option(handle: &Handle, args: &Arguments<'_>) -> Result<()> {
    let name = args.text(1);
    if let Some(option) = NumberOption::from_name(&name) {
        return handle.set_number(option, args.uint(2));
    }
    let option = TextOption::from_name(&name).ok_or(Errno::INVAL)?;
    handle.set_text(option, &args.text(2))
}

fn get_option(net: &NetEnv, args: &Arguments<'_>) -> Value {
    let (key, name) = (key(net, args), args.text(1));
    let found = net.run(|core| {
        core.verb(key, |handle, _, _| {
            if let Some(option) = NumberOption::from_name(&name) {
                return Ok(Value::Count(handle.number_option(option)?.into()));
            }
            let option = TextOption::from_name(&name).ok_or(Errno::INVAL)?;
            Ok(Value::Text(handle.text_option(option)?))
        })
    });
    found.unwrap_or_else(|errno| Value::Int(errno.code()))
}

fn fields(
    net: &NetEnv,
    args: &Arguments<'_>,
    query: impl FnOnce(&mut Handle) -> Result<Vec<(&'static std::ffi::CStr, u64)>>,
) -> Value {
    let key = key(net, args);
    match net.run(|core| core.verb(key, |handle, _, _| query(handle))) {
        Ok(fields) => Value::Fields(fields),
        Err(errno) => Value::Int(errno.code()),
    }
}
