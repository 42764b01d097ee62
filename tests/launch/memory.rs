//! A supervisor keeps nothing of what it handed on.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::process::Command;

use serde_json::json;

use crate::support::run::Run;
use crate::support::server::{Authority, Kind, Phase, Reply, Server, Sse};
use crate::support::store::{Store, TOKEN};
use crate::support::wait::until;

/// What the values begin with. It is put together at run time, so that it
/// stands in no program.
fn mark() -> String {
    ["a value", "nobody else", "has"].join(" that ")
}

/// An answer of a Phase server with many secrets.
fn answer() -> String {
    let row = |index: usize| {
        json!({
            "id": format!("id-{index}"), "key": format!("KEY_{index}"), "path": "/",
            "value": format!("{}: {index} \n {}", mark(), "x".repeat(100)),
            "comment": "", "tags": [], "override": null, "type": "secret", "version": 1,
        })
    };
    let rows: Vec<_> = (0..200).map(row).collect();
    json!(rows).to_string()
}

/// Where in the memory of `pid` one of `needles` stands.
fn found(pid: i32, needles: &[&str]) -> Vec<String> {
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let mut places = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let range = line.split(' ').next().unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        // Some of the kernel's own pages cannot be read; they hold nothing of ours.
        let read = memory.read_at(&mut bytes, start).unwrap_or(0);
        for needle in needles {
            let needle = needle.as_bytes();
            if bytes[..read]
                .windows(needle.len())
                .any(|window| window == needle)
            {
                places.push(line.to_owned());
            }
        }
    }
    places
}

#[test]
fn the_thread_that_looked_up_a_name_does_no_harm_to_a_supervisor() {
    let server = Server::start(|_| {
        Reply::json(
            200,
            r#"[{"id": "1", "key": "A", "value": "x", "path": "/"}]"#,
        )
    });
    let url = server.url().replace("127.0.0.1", "localhost");
    for _ in 0..10 {
        let run = Run::with(&[]).store(Store::Phase(url.clone())).supervised();
        run.sh("exit 7").status(7).silent();
    }
}

#[test]
fn no_secret_and_no_token_is_left_in_the_memory_of_a_supervisor() {
    let authority = Authority::new();
    let body = answer();
    let reply = move |_: &_| Reply::json(200, body.clone());
    let server = Server::start_tls(&authority, &["127.0.0.1"], reply);
    let mut running = Run::with(&["--ca-cert"])
        .argument(authority.file())
        .store(Store::Phase(server.url()))
        .supervised()
        .child("listen")
        .spawn();
    let child = running.ready().pid;
    let token = TOKEN.split(' ').next_back().unwrap();
    let needles = [&mark()[..], token];
    assert!(
        !found(child, &needles[..1]).is_empty(),
        "the child has the values"
    );
    let supervisor = running.pid();
    until("the supervisor has forgotten everything", || {
        found(supervisor, &needles).is_empty().then_some(())
    });
    let environ = fs::read(format!("/proc/{supervisor}/environ")).unwrap();
    let environ = String::from_utf8_lossy(&environ);
    assert!(
        environ.contains("PHASE_HOST") && !environ.contains(token),
        "{environ}"
    );
}

#[test]
fn leases_that_are_the_commands_own_keep_no_token_in_memory() {
    let phase = Phase::default()
        .app("web", Sse::Off)
        .environment("Development")
        .dynamic("AWS", &["AWS_KEY"]);
    let server = phase.serve();
    let token = phase.token(Kind::User).full;
    let mut running = Run::with(&["--app", "web"])
        .store(Store::Nowhere)
        .variable("PHASE_HOST", server.url())
        .variable("PHASE_SERVICE_TOKEN", &token)
        .supervised()
        .child("listen")
        .spawn();
    running.ready();
    assert_eq!(phase.leases().len(), 1);
    let secrets = token.split(':').skip(2).filter(|part| part.len() > 16);
    let secrets: Vec<&str> = secrets.collect();
    assert!(secrets.len() > 1);
    until("the supervisor has forgotten the token", || {
        found(running.pid(), &secrets).is_empty().then_some(())
    });
}

/// 62 MB that would be some hundred more for each of their bytes' objects.
#[test]
fn an_answer_of_very_many_secrets_is_refused_within_a_bound_of_memory() {
    let row = json!({"id": "", "key": "A", "key_digest": "", "path": "/", "value": ""});
    let tags = json!({"id": "", "key": "A", "path": "/", "value": "", "tags": vec![""; 20_000]});
    for (row, times, limit) in [
        (row, 900_000, "100000 objects"),
        (tags, 1_000, "2000000 values"),
    ] {
        let body = format!("[{}]", vec![row.to_string(); times].join(","));
        let phase = Phase::default()
            .app("web", Sse::On)
            .environment("Development");
        let world = phase.clone();
        let server = Server::start(move |request| {
            if request.path.ends_with("/secrets/") {
                return Reply::json(200, body.clone());
            }
            world.answer(request)
        });
        for api in ["e2ee", "rest"] {
            let run = Run::with(&["--app", "web", "--api", api])
                .store(Store::Nowhere)
                .variable("PHASE_HOST", server.url())
                .variable("PHASE_SERVICE_TOKEN", phase.token(Kind::User).full);
            let bounded = "ulimit -v 300000; exec \"$@\"";
            let run = run.inside(&["/bin/sh", "-c", bounded, "sh"]);
            let finished = run.sh("exit 0").failed(125, "too-large");
            finished.stderr_has(limit);
        }
    }
}

/// Gives up root's right to look into every process, where there is root.
fn without_rights() -> Vec<&'static str> {
    if nix::unistd::geteuid().is_root() {
        vec![
            "/usr/bin/setpriv",
            "--bounding-set=-sys_ptrace",
            "--inh-caps=-sys_ptrace",
        ]
    } else {
        vec!["/usr/bin/env"]
    }
}

/// Whether a process of the same user may look into the memory of `pid`, as a
/// debugger does.
fn lies_open(pid: i32) -> bool {
    let words = without_rights();
    let mut reader = Command::new(words[0]);
    reader.args(&words[1..]).arg("cat");
    let output = reader.arg(format!("/proc/{pid}/mem")).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let refused = errors.contains("Permission denied");
    // Of who may, nothing is mapped where the file begins.
    assert!(refused || errors.contains("Input/output error"), "{errors}");
    !refused
}

#[test]
fn nobody_of_the_same_user_looks_into_our_memory_while_there_are_secrets_in_it() {
    for run in Run::everywhere() {
        let server = Server::always(Reply::hang());
        let run = run.store(Store::Phase(server.url()));
        let running = run.inside(&without_rights()).sh("x").spawn();
        server.wait_for(1);
        assert!(!lies_open(running.pid()));
    }
    for run in Run::supervisors() {
        let mut running = run.inside(&without_rights()).child("idle").spawn();
        let command = running.ready().pid;
        assert!(!lies_open(running.pid()));
        assert!(lies_open(running.outer(command)), "a process like others");
    }
}
