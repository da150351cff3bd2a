// SPDX-License-Identifier: Apache-2.0
//! Answers, over a board at any time.

use std::sync::Arc;

use super::*;
use crate::telemetry::{board::Page, metrics::tests, ready::Verdict};

/// The answer to a GET, so long after something was put up.
fn get(board: &Board, path: &str, later: Duration) -> (u16, String) {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let answer = answer(&Method::GET, path, query, board, board.read().at + later);
    (answer.status.as_u16(), String::from_utf8(answer.body.to_vec()).expect("UTF-8"))
}

const SOON: Duration = Duration::from_millis(100);

/// An agent that is well.
fn well() -> Board {
    let board = Board::new();
    board.put_up(tests::snapshot(), Verdict { details: vec!["a detail".to_owned()], ..Verdict::default() });
    board
}

#[test]
fn a_run_from_start_to_end() {
    let board = Board::new();
    assert_eq!(get(&board, "/readyz", SOON), (503, "starting: reading the command line\n".to_owned()));
    board.phase(Phase::Starting("the probe is loaded"));
    assert_eq!(get(&board, "/readyz", SOON), (503, "starting: the probe is loaded\n".to_owned()));
    assert_eq!(
        get(&board, "/healthz", SOON),
        (200, "{\"status\": \"ok\", \"phase\": \"starting\", \"age_seconds\": 0.100}\n".to_owned())
    );
    let verdict = Verdict { details: vec!["a detail".to_owned()], ..Verdict::default() };
    board.put_up(tests::snapshot(), verdict);
    assert_eq!(get(&board, "/readyz", SOON), (200, "ok\na detail\n".to_owned()));
    assert!(get(&board, "/metrics", SOON).1.contains("lanner_ready 1\n"));
    let reasons = vec!["one".to_owned(), "two,\nas\rmany words".to_owned()];
    board.put_up(tests::snapshot(), Verdict { reasons, ..Verdict::default() });
    assert_eq!(get(&board, "/readyz", SOON), (503, "one\ntwo, as many words\n".to_owned()), "a reason a line");
    assert!(get(&board, "/metrics", SOON).1.contains("lanner_ready 0\n"));
    board.phase(Phase::Stopping);
    assert_eq!(get(&board, "/readyz", SOON), (503, "stopping\n".to_owned()));
    assert!(get(&board, "/metrics", SOON).1.contains("lanner_records_drained_total 60\n"), "the last snapshot stays");
}

#[test]
fn a_busy_main_loop_is_told_and_a_stuck_one_is_not_healthy() {
    let board = well();
    let at = |seconds: u64| Duration::from_secs(seconds);
    assert_eq!(get(&board, "/readyz", at(4)).0, 200);
    assert_eq!(
        get(&board, "/readyz", at(7)),
        (503, "the main loop is busy: there is no news since 7.0 s\n".to_owned())
    );
    let (status, body) = get(&board, "/healthz", at(7));
    assert_eq!(status, 200, "busy is alive");
    assert!(body.contains("\"age_seconds\": 7.000"), "{body}");
    assert_eq!(get(&board, "/healthz", at(59)).0, 200);
    let (status, body) = get(&board, "/healthz", at(60));
    assert_eq!(status, 503);
    assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok_and(|body| body["status"] != "ok"), "{body}");
}

#[test]
fn paths_and_methods() {
    let board = well();
    for (path, status, content_type) in [
        ("/", 200, TEXT),
        ("/metrics", 200, PROMETHEUS),
        ("/healthz", 200, JSON),
        ("/readyz", 200, TEXT),
        ("/versions", 200, JSON),
        ("/favicon.ico", 404, TEXT),
        ("/metrics/", 404, TEXT),
        ("", 404, TEXT),
        ("*", 404, TEXT),
        ("/../etc/passwd", 404, TEXT),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answer = answer(&method, path, None, &board, Instant::now());
            assert_eq!((answer.status.as_u16(), answer.content_type), (status, content_type), "{method} {path}");
            assert!(!answer.body.is_empty());
        }
        let answer = answer(&Method::POST, path, None, &board, Instant::now());
        assert_eq!(answer.status.as_u16(), if status == 404 { 404 } else { 405 }, "{path}");
    }
    for path in ["/metrics", "/healthz", "/readyz", "/versions"] {
        assert!(INDEX.contains(path), "the index names {path}");
    }
}

#[test]
fn syscalls_are_there_for_those_who_ask() {
    let board = well();
    let has = |path: &str| get(&board, path, SOON).1.contains("lanner_syscall_calls_total{syscall=\"openat\"");
    assert!(has("/metrics?syscalls") && has("/metrics?syscalls=") && has("/metrics?a=b&syscalls=true"));
    assert!(!has("/metrics") && !has("/metrics?") && !has("/metrics?nosyscalls=1") && !has("/metrics?a=syscalls"));
}

#[test]
fn a_page_is_written_once_for_all_who_ask() {
    let board = well();
    let page = |board: &Board| board.read().page.clone().expect("a page");
    let written: fn(&Arc<Page>) -> Option<Bytes> = |page| page.metrics.get().cloned();
    assert!(written(&page(&board)).is_none(), "not before somebody asks");
    let bodies = [(); 2].map(|()| answer(&Method::GET, "/metrics", None, &board, Instant::now()).body);
    assert!(std::ptr::eq(bodies[0].as_ptr(), bodies[1].as_ptr()));
    let first = bodies[0].clone();
    board.phase(Phase::Stopping);
    board.put_up(tests::snapshot(), Verdict::default());
    let next = answer(&Method::GET, "/metrics", None, &board, Instant::now()).body;
    assert!(!std::ptr::eq(first.as_ptr(), next.as_ptr()), "a new snapshot has a new page");
}
