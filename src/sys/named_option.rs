//! Socket options that programs set by name. Each platform has those that its kernel has.

/// An option whose value is a number; those that are on or off have 1 or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberOption {
    /// `SO_SNDBUF`, in bytes.
    SendBuffer,
    /// `SO_RCVBUF`, in bytes.
    RecvBuffer,
    /// `TCP_USER_TIMEOUT`, in milliseconds; 0 is the system's default.
    UserTimeout,
    /// `TCP_NOTSENT_LOWAT`, in bytes; 0 is the system's default.
    NotSentLowat,
    /// `SO_MARK`.
    Mark,
    /// `IP_TRANSPARENT` or `IPV6_TRANSPARENT`.
    Transparent,
    /// `TCP_FASTOPEN_CONNECT`: of a socket that connects.
    FastOpen,
    /// `TCP_FASTOPEN`: of a socket that listens, the length of its queue.
    FastOpenQueue,
    /// 1 for a socket of MPTCP. It cannot be set once there is a socket.
    Multipath,
}

impl NumberOption {
    /// Finds an option by the name that JavaScript has for it.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "sendBufferSize" => Self::SendBuffer,
            "recvBufferSize" => Self::RecvBuffer,
            "userTimeout" => Self::UserTimeout,
            "notSentLowat" => Self::NotSentLowat,
            "mark" => Self::Mark,
            "transparent" => Self::Transparent,
            "fastOpen" => Self::FastOpen,
            "fastOpenQueue" => Self::FastOpenQueue,
            "multipath" => Self::Multipath,
            _ => return None,
        })
    }
}

/// An option whose value is a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextOption {
    /// `SO_BINDTODEVICE`: the interface; empty for all of them.
    Interface,
    /// `TCP_CONGESTION`: the algorithm of congestion control.
    Congestion,
}

impl TextOption {
    /// Finds an option by the name that JavaScript has for it.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "interface" => Self::Interface,
            "congestion" => Self::Congestion,
            _ => return None,
        })
    }
}
