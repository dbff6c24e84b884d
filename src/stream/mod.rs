//! Reading, writing and shutdown of a byte stream. This layer knows sources, not handles.

mod gather;
mod offload;
mod reader;
mod relay;
mod shutdown;
mod writer;

pub use gather::{Gathered, Gatherer};
pub use offload::Offloader;
pub use reader::{first_look, read_step, ReadStep, READ_STEP};
pub use relay::{relay_step, splice_step, Moved, Relay};
pub use shutdown::Shutdown;
pub use writer::Writer;
