//! One line of JSON on standard output.

use std::io::Write;

use crate::Result;

/// Prints an object of numbers. The reader waits for it: it is flushed.
pub fn print(fields: &[(&str, f64)]) -> Result<()> {
    let members: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{{{}}}", members.join(","))?;
    Ok(out.flush()?)
}
