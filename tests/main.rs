//! What the program and the library promise, one test for each promise.

mod vault;
