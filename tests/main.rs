//! What the program promises, one test for each promise.

mod documents;
