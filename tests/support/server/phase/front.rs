//! What stands before the application: nginx, as the console's own set-up has it.

use super::super::{Reply, Request};

/// It takes no more than this.
const LIMIT: usize = 1 << 20;

/// What is answered before the application is asked.
pub(super) fn refusal(request: &Request) -> Option<Reply> {
    if request.body.len() > LIMIT {
        return Some(Reply::typed(413, "text/html", TOO_LARGE));
    }
    // All else is the console's own, for people.
    let ours = path(request).starts_with("/service/");
    (!ours).then(|| Reply::typed(200, "text/html", CONSOLE))
}

/// A path with its slashes merged.
pub(super) fn path(request: &Request) -> String {
    let mut path = request.path.clone();
    while path.contains("//") {
        path = path.replace("//", "/");
    }
    path
}

const TOO_LARGE: &str = "<html>\r\n\
    <head><title>413 Request Entity Too Large</title></head>\r\n\
    <body>\r\n\
    <center><h1>413 Request Entity Too Large</h1></center>\r\n\
    <hr><center>nginx</center>\r\n\
    </body>\r\n\
    </html>\r\n";

const CONSOLE: &str = "<!DOCTYPE html><html><body>Phase Console</body></html>";
