//! Latencies in buckets of 1/64 of their size: constant memory and time.

use std::time::Duration;

const BITS: u32 = 6;
const SUB: u64 = 1 << BITS;

/// Counts nanoseconds.
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub fn new() -> Self {
        let octaves = usize::try_from(u64::BITS - BITS + 1).unwrap_or(0);
        Self {
            counts: vec![0; octaves << BITS],
            total: 0,
        }
    }

    pub fn record(&mut self, latency: Duration) {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.counts[Self::bucket(nanoseconds)] += 1;
        self.total += 1;
    }

    pub fn total(&self) -> u64 {
        self.total
    }

    /// Microseconds that `percent` of the latencies do not exceed.
    pub fn percentile(&self, percent: u64) -> f64 {
        let rank = (self.total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Self::middle(bucket) / 1000.0;
            }
        }
        0.0
    }

    fn bucket(value: u64) -> usize {
        // The first two octaves are exact.
        let shift = (u64::BITS - value.leading_zeros()).saturating_sub(BITS + 1);
        let index = (u64::from(shift) << BITS) + (value >> shift);
        usize::try_from(index).unwrap_or(0)
    }

    fn middle(bucket: usize) -> f64 {
        let bucket = bucket as u64;
        let shift = (bucket >> BITS).saturating_sub(1);
        let low = (bucket - shift * SUB) << shift;
        let width = 1_u64 << shift;
        low as f64 + (width - 1) as f64 / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_near_its_bucket() {
        for value in (0..200).chain([1000, 65_535, 123_456_789, u64::MAX >> 1]) {
            let middle = Histogram::middle(Histogram::bucket(value));
            let off = (middle - value as f64).abs();
            assert!(off <= value as f64 / 64.0, "{value} became {middle}");
        }
        Histogram::new().record(Duration::MAX);
    }

    #[test]
    fn percentiles() {
        let mut histogram = Histogram::new();
        for microseconds in 1..=100 {
            histogram.record(Duration::from_micros(microseconds));
        }
        assert_eq!(histogram.total(), 100);
        assert!((histogram.percentile(50) - 50.0).abs() < 1.0);
        assert!((histogram.percentile(99) - 99.0).abs() < 2.0);
    }
}
