//! libuv's error numbers, which on Windows are its own, and the conversion from system codes.

use windows_sys::Win32::Foundation as win32;
use windows_sys::Win32::Networking::WinSock as winsock;

pub const ADDRINUSE: i32 = -4091;
pub const AFNOSUPPORT: i32 = -4089;
pub const ALREADY: i32 = -4084;
pub const BADF: i32 = -4083;
pub const BUSY: i32 = -4082;
pub const CONNREFUSED: i32 = -4078;
pub const INVAL: i32 = -4071;
pub const IO: i32 = -4070;
pub const NFILE: i32 = -4061;
pub const NOTCONN: i32 = -4053;
pub const PIPE: i32 = -4047;

const ACCES: i32 = -4092;
const ADDRNOTAVAIL: i32 = -4090;
const AGAIN: i32 = -4088;
const CANCELED: i32 = -4081;
const CONNABORTED: i32 = -4079;
const CONNRESET: i32 = -4077;
const EXIST: i32 = -4075;
const FAULT: i32 = -4074;
const HOSTUNREACH: i32 = -4073;
const ISCONN: i32 = -4069;
const MFILE: i32 = -4066;
const MSGSIZE: i32 = -4065;
const NAMETOOLONG: i32 = -4064;
const NETUNREACH: i32 = -4062;
pub const NOBUFS: i32 = -4060;
const NOENT: i32 = -4058;
const NOMEM: i32 = -4057;
const NOTSOCK: i32 = -4050;
const NOTSUP: i32 = -4049;
const PERM: i32 = -4048;
const PROTONOSUPPORT: i32 = -4045;
const TIMEDOUT: i32 = -4039;
/// libuv's end-of-file marker.
const EOF: i32 = -4095;
/// libuv's number for an unmapped error.
const UNKNOWN: i32 = -4094;

/// Converts a Winsock or Win32 error code to libuv's number; `UNKNOWN` if there is none.
pub fn from_system(code: i32) -> i32 {
    from_winsock(code)
        .or_else(|| from_win32(code.cast_unsigned()))
        .unwrap_or(UNKNOWN)
}

fn from_winsock(code: i32) -> Option<i32> {
    Some(match code {
        winsock::WSAEACCES => ACCES,
        winsock::WSAEADDRINUSE => ADDRINUSE,
        winsock::WSAEADDRNOTAVAIL => ADDRNOTAVAIL,
        winsock::WSAEAFNOSUPPORT => AFNOSUPPORT,
        winsock::WSAEWOULDBLOCK => AGAIN,
        winsock::WSAEALREADY => ALREADY,
        winsock::WSAEBADF => BADF,
        winsock::WSAEINTR => CANCELED,
        winsock::WSAECONNABORTED => CONNABORTED,
        winsock::WSAECONNREFUSED => CONNREFUSED,
        winsock::WSAECONNRESET => CONNRESET,
        winsock::WSAEFAULT => FAULT,
        winsock::WSAEHOSTUNREACH => HOSTUNREACH,
        winsock::WSAEINVAL | winsock::WSAEPFNOSUPPORT => INVAL,
        winsock::WSAEISCONN => ISCONN,
        winsock::WSAEMFILE => MFILE,
        winsock::WSAEMSGSIZE => MSGSIZE,
        winsock::WSAENETUNREACH => NETUNREACH,
        winsock::WSAENOBUFS => NOBUFS,
        winsock::WSAENOTCONN => NOTCONN,
        winsock::WSAENOTSOCK => NOTSOCK,
        winsock::WSAESHUTDOWN => PIPE,
        winsock::WSAEPROTONOSUPPORT => PROTONOSUPPORT,
        winsock::WSAETIMEDOUT => TIMEDOUT,
        _ => return None,
    })
}

fn from_win32(code: u32) -> Option<i32> {
    Some(match code {
        win32::ERROR_NOACCESS | win32::ERROR_ELEVATION_REQUIRED => ACCES,
        win32::ERROR_ADDRESS_ALREADY_ASSOCIATED => ADDRINUSE,
        win32::ERROR_INVALID_HANDLE | win32::ERROR_INVALID_FLAGS => BADF,
        win32::ERROR_PIPE_BUSY | win32::ERROR_SHARING_VIOLATION | win32::ERROR_LOCK_VIOLATION => {
            BUSY
        }
        win32::ERROR_OPERATION_ABORTED => CANCELED,
        win32::ERROR_CONNECTION_ABORTED => CONNABORTED,
        win32::ERROR_CONNECTION_REFUSED => CONNREFUSED,
        win32::ERROR_NETNAME_DELETED => CONNRESET,
        win32::ERROR_ALREADY_EXISTS | win32::ERROR_FILE_EXISTS => EXIST,
        win32::ERROR_BUFFER_OVERFLOW => FAULT,
        win32::ERROR_HOST_UNREACHABLE => HOSTUNREACH,
        win32::ERROR_INSUFFICIENT_BUFFER
        | win32::ERROR_INVALID_DATA
        | win32::ERROR_INVALID_PARAMETER => INVAL,
        win32::ERROR_GEN_FAILURE | win32::ERROR_IO_DEVICE => IO,
        win32::ERROR_TOO_MANY_OPEN_FILES => MFILE,
        win32::ERROR_FILENAME_EXCED_RANGE => NAMETOOLONG,
        win32::ERROR_NETWORK_UNREACHABLE => NETUNREACH,
        win32::ERROR_FILE_NOT_FOUND
        | win32::ERROR_PATH_NOT_FOUND
        | win32::ERROR_BAD_PATHNAME
        | win32::ERROR_DIRECTORY
        | win32::ERROR_INVALID_DRIVE
        | win32::ERROR_INVALID_NAME => NOENT,
        win32::ERROR_NOT_ENOUGH_MEMORY | win32::ERROR_OUTOFMEMORY => NOMEM,
        win32::ERROR_NOT_CONNECTED => NOTCONN,
        win32::ERROR_NOT_SUPPORTED => NOTSUP,
        win32::ERROR_BROKEN_PIPE => EOF,
        win32::ERROR_ACCESS_DENIED | win32::ERROR_PRIVILEGE_NOT_HELD => PERM,
        win32::ERROR_BAD_PIPE | win32::ERROR_NO_DATA | win32::ERROR_PIPE_NOT_CONNECTED => PIPE,
        win32::ERROR_SEM_TIMEOUT => TIMEDOUT,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn winsock_and_win32_codes_map_to_libuvs_numbers() {
        assert_eq!(from_system(winsock::WSAECONNREFUSED), -4078);
        assert_eq!(
            from_system(win32::ERROR_FILE_NOT_FOUND.cast_signed()),
            -4058
        );
        assert_eq!(from_system(123_456), UNKNOWN);
    }
}
