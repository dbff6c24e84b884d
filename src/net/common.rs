//! What a handle has in all of its states.

use crate::event::Key;

/// What carries the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Tcp,
    /// A Unix-domain socket or named pipe, or a descriptor that was opened as one (a pipe, a
    /// terminal).
    Pipe,
}

/// What a handle has in all of its states. `lib/handle/handle.js` lists which side owns which fact.
#[derive(Clone, Copy, Debug)]
pub(super) struct Common {
    pub key: Key,
    pub transport: Transport,
    pub referenced: bool,
    /// Reads go straight into a buffer that JavaScript names at each of them.
    pub reads_directly: bool,
    pub coalesces: bool,
    pub offloads: bool,
    /// Descriptors that come over a Unix-domain socket are taken. Otherwise the kernel closes them.
    pub takes_descriptors: bool,
}

impl Common {
    pub fn new(key: Key, transport: Transport) -> Self {
        Self {
            key,
            transport,
            referenced: true,
            reads_directly: false,
            coalesces: true,
            offloads: false,
            takes_descriptors: false,
        }
    }
}
