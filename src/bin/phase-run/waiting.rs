//! What is said while a server is waited for.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use phase_run::{OnRetry, Retry};
use tokio::time::timeout;

use crate::exit::Failure;
use crate::fetch::fetch;
use crate::report::{self, Report};

/// After so long somebody at a terminal wants to know what goes on.
const SOON: Duration = Duration::from_secs(2);

/// How often the line is written anew.
const TURN: Duration = Duration::from_millis(500);

/// A run that waits for a server, and what it last heard of it.
pub(crate) struct Waiting {
    heard: Arc<Mutex<String>>,
    report: Report,
}

impl Waiting {
    /// `host` is the server's URL, or empty where there is no server.
    pub(crate) fn new(host: &str, report: Report) -> Self {
        let host = host.split_once("://").map_or(host, |(_, host)| host);
        Self {
            heard: Arc::new(Mutex::new(format!("still waiting for {host}"))),
            report,
        }
    }

    /// To be told of attempts that failed; `tell` is told of them too.
    pub(crate) fn ear(&self, tell: impl Fn(&Retry<'_>) + Send + Sync + 'static) -> OnRetry {
        let heard = Arc::clone(&self.heard);
        OnRetry::new(move |retry| {
            if let Ok(mut heard) = heard.lock() {
                *heard = text(retry);
            }
            tell(retry);
        })
    }

    /// The result of `work`. At a terminal a line says what is waited for, as long as
    /// it is.
    pub(crate) fn fetch<T>(
        &self,
        work: impl Future<Output = phase_run::Result<T>>,
    ) -> Result<T, Failure> {
        if !self.report.can_show() {
            return fetch(work);
        }
        fetch(async {
            let mut work = pin!(work);
            let mut patience = SOON;
            loop {
                if let Ok(result) = timeout(patience, &mut work).await {
                    if patience != SOON {
                        report::erase();
                    }
                    return result;
                }
                if let Ok(heard) = self.heard.lock() {
                    report::show(&heard);
                }
                patience = TURN;
            }
        })
    }
}

fn text(retry: &Retry<'_>) -> String {
    let Retry {
        server, problem, ..
    } = retry;
    let same = format!("cannot reach {server}: ");
    let problem = problem.strip_prefix(&same).unwrap_or(problem);
    format!("still trying {server}: {problem}")
}
