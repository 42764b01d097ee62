//! What becoming the command keeps, and what it says when it cannot.

use crate::support::run::Run;

#[test]
fn the_status_of_the_command_is_ours() {
    for code in [0, 1, 7] {
        for run in Run::everywhere() {
            run.sh(&format!("exit {code}")).status(code);
        }
    }
}
