//! Values that are taken from the bytes of an input.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is left of an input. Where it is used up, all values are zero.
#[derive(Debug)]
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Takes steps until the input is used up, at most `most`.
    pub fn for_each_step(&mut self, most: usize, mut step: impl FnMut(&mut Self)) {
        for _ in 0..most {
            if self.is_empty() {
                break;
            }
            step(self);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        for (to, from) in array.iter_mut().zip(self.bytes(N)) {
            *to = *from;
        }
        array
    }

    /// Takes at most `most` bytes.
    pub fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        taken
    }

    pub fn number(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    /// Takes a number from 0 to `end`, without `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::from(u16::from_be_bytes(self.array())) % end.max(1)
    }

    /// Takes an address. Most have few bits in which they differ, so that rules meet them.
    pub fn ip(&mut self) -> IpAddr {
        let [form, a, b, c] = self.array();
        let near = Ipv4Addr::new(10, a & 1, b, c);
        match form % 8 {
            0 | 1 => near.into(),
            2 => near.to_ipv6_mapped().into(),
            3 => near.to_ipv6_compatible().into(),
            4 => Ipv4Addr::from(self.number()).into(),
            5 => Ipv6Addr::from(u128::from_be_bytes(self.array())).into(),
            6 => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, u16::from(b), u16::from(c)).into(),
            // Around the first and the last of the mapped addresses, and of all.
            _ => {
                let edges = [0, 0xffff_0000_0000, 0xffff_ffff_ffff, u128::MAX];
                let edge = edges[usize::from(a) % edges.len()];
                let beside = edge
                    .wrapping_add(u128::from(b % 4))
                    .wrapping_sub(u128::from(c % 4));
                Ipv6Addr::from(beside).into()
            }
        }
    }
}
