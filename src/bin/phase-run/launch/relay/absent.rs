//! There is no systemd on this system.

use std::convert::Infallible;

use crate::sys::Watched;

/// See the other one.
pub(super) struct Relay(Infallible);

impl Relay {
    pub(super) fn open(_environment: &[Vec<u8>]) -> Option<Self> {
        None
    }

    pub(super) fn entry(&self) -> Vec<u8> {
        match self.0 {}
    }

    pub(super) fn watched(&self) -> Watched<'_> {
        match self.0 {}
    }

    pub(super) fn pass_on(&mut self) {
        match self.0 {}
    }
}
