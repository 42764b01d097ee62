//! How the command starts, is signalled, stops, and what its status becomes.
//! Real processes, real terminals, real PID namespaces.

mod exec;
