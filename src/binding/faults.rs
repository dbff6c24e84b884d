//! The binding of fault rules, which make system calls fail in tests: see [`crate::sys::faults`].

use std::collections::HashMap;

use napi::bindgen_prelude::Either;
use napi::{Error, Result};
use napi_derive::napi;

use crate::sys::faults::{blocked, call_named, futile, reached, set_rules, struck, Fault, Rule};

/// One rule.
#[napi(object)]
pub struct FaultRule {
    /// The call's name, a key of `reachedCalls`.
    pub call: String,
    /// A positive errno, `short` or `zero`.
    pub fault: Either<i32, String>,
    /// The number of the first call that fails, counted from 1.
    pub nth: u32,
    /// How many calls fail; 1 by default.
    pub times: Option<u32>,
}

/// Replaces the rules and resets the counts.
///
/// # Errors
/// For an unknown call or fault.
#[napi]
pub fn set_fault_rules(rules: Vec<FaultRule>) -> Result<()> {
    let rules = rules.into_iter().map(to_rule).collect::<Result<_>>()?;
    set_rules(rules);
    Ok(())
}

fn to_rule(rule: FaultRule) -> Result<Rule> {
    let unknown = |what: &str| Error::from_reason(format!("no such {what}"));
    let fault = match rule.fault {
        Either::A(errno) => Fault::Errno(errno),
        Either::B(word) if word == "short" => Fault::Short,
        Either::B(word) if word == "zero" => Fault::Zero,
        Either::B(_) => return Err(unknown("fault")),
    };
    Ok(Rule {
        call: call_named(&rule.call).ok_or_else(|| unknown("call"))?,
        fault,
        nth: rule.nth,
        times: rule.times.unwrap_or(1),
    })
}

/// Returns how often each call was reached since the rules were set.
#[napi]
pub fn reached_calls() -> HashMap<String, u32> {
    by_name(reached())
}

/// How often the kernel has answered each call with `EAGAIN` since then.
#[napi]
pub fn blocked_calls() -> HashMap<String, u32> {
    by_name(blocked())
}

/// How many of these calls nothing had given a reason for: see [`futile`].
#[napi]
pub fn futile_calls() -> HashMap<String, u32> {
    by_name(futile())
}

fn by_name(counts: Vec<(&'static str, u32)>) -> HashMap<String, u32> {
    counts
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count))
        .collect()
}

/// Returns how many calls the rules have failed.
#[napi]
pub fn struck_calls() -> u32 {
    struck()
}
