//! What the stand-in does otherwise than the real servers, and why.

use super::Step;

/// Steps of a conversation that differ.
struct Unmodelled {
    server: &'static str,
    steps: &'static [u64],
    subject: &'static str,
    why: &'static str,
}

const CERTIFICATES: &str = "certificates are no secrets: phase-run asks for none of this";

const UNMODELLED: [Unmodelled; 8] = [
    Unmodelled {
        server: "infisical-new",
        subject: "login-secret-limits",
        steps: &[4, 5, 7],
        why: "how an administrator looks after client secrets, which phase-run never does",
    },
    Unmodelled {
        server: "infisical-new",
        subject: "dynamic-and-rotation",
        steps: &[13],
        why: "rotations run on the server alone: phase-run asks for no list of them",
    },
    Unmodelled {
        server: "infisical-new",
        subject: "certificates",
        steps: &[
            1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
        ],
        why: CERTIFICATES,
    },
    Unmodelled {
        server: "infisical-new",
        subject: "user-session",
        steps: &[1, 2, 3, 5, 15, 16, 17, 19, 20, 21, 24],
        why: "how a user logs in and out, and what of him is shown: Infisical's own CLI does it",
    },
    Unmodelled {
        server: "infisical-new",
        subject: "user-session",
        steps: &[18],
        why: "the list is from before the project was made that the rest is about",
    },
    Unmodelled {
        server: "infisical-new",
        subject: "token-auth",
        steps: &[3],
        why: "nothing makes a token without an end, but what made the recorded server itself",
    },
    Unmodelled {
        server: "infisical-old",
        subject: "tokens",
        steps: &[21],
        why: "how an administrator sets up an identity, which phase-run never does",
    },
    Unmodelled {
        server: "infisical-old",
        subject: "workspace-routes",
        steps: &[11, 12, 14],
        why: CERTIFICATES,
    },
];

/// Why a step differs, if it may.
pub(super) fn reason(step: &Step) -> Option<&'static str> {
    let mut known = UNMODELLED.iter();
    let found = known.find(|one| {
        (one.server, one.subject) == (step.server.as_str(), step.subject())
            && one.steps.contains(&step.number)
    });
    found.map(|one| one.why)
}
