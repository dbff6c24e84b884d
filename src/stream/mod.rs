//! Reading, writing and shutdown of a byte stream. This layer knows sources, not handles.

mod deferred;
mod habit;
mod reader;
mod relay;
mod sender;
mod shutdown;
mod writer;

pub use deferred::{Added, Deferred, Place, Release, SmallWrite, SMALL_WRITE};
pub use habit::{Callback, WriteHabit};
pub use reader::{first_look, read_step, Inbox, ReadStep, DIRECT_READ, READ_STEP};
pub use relay::{relay_step, splice_step, Moved, Relay};
pub use sender::Sender;
pub use shutdown::Shutdown;
pub use writer::Writer;
