#![allow(clippy::unwrap_used)]

use super::{Answer, Done, MAX_ANSWER_BYTES, call};
use crate::agent::fence::Fence;
use crate::agent::input::Input;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::Path;

/// More than an answer can have: its data, one piece that was taken although it is long, notes, marks.
const MAX_TEXT: usize = 2 * MAX_ANSWER_BYTES + 64 * 1024;

/// A sandbox with files of any bytes.
fn input(folder: &Path, files: &[Vec<u8>]) -> Input {
    let mut listed = Vec::new();
    for side in ["head", "base", "diff"] {
        std::fs::create_dir(folder.join(side)).unwrap();
    }
    for (number, content) in files.iter().enumerate() {
        let (name, piece) = (format!("{number}.txt"), format!("{number:04}.diff"));
        for path in [format!("head/{name}"), format!("base/{name}"), format!("diff/{piece}")] {
            std::fs::write(folder.join(path), content).unwrap();
        }
        listed.push(
            json!({"path": name, "exported_as": name, "bytes": content.len(), "status": "modified", "diff": [piece]}),
        );
    }
    let task = json!({
        "version": 1, "repository": "r", "base": null, "head": "b".repeat(40), "directory": "", "dockerfile": null,
        "scope": "full", "files": listed, "unreviewed": [], "renamed": []
    });
    std::fs::write(folder.join("review.json"), task.to_string()).unwrap();
    Input::open(folder).unwrap()
}

fn name() -> impl Strategy<Value = String> {
    let tools: Vec<String> = super::all().iter().map(|tool| tool.name.to_owned()).collect();
    prop_oneof![9 => prop::sample::select(tools), 1 => any::<String>()]
}

/// Values as a model might send them, right and wrong.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (0_u64..9).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-3]\\.txt|000[0-3]\\.diff|head|base|.|\\.\\*|x+|\\*\\*/\\*|\\{a,b\\}".prop_map(Value::from),
        Just(json!([{"title": "t", "risk": "low", "path": "0.txt", "start_line": 1}])),
    ]
}

fn arguments() -> impl Strategy<Value = String> {
    let keys = [
        "path",
        "at",
        "start_line",
        "end_line",
        "start_column",
        "pattern",
        "glob",
        "ignore_case",
        "context",
        "offset",
        "prefix",
        "changed_only",
        "piece",
        "summary",
        "findings",
    ];
    let object = prop::collection::vec((prop::sample::select(keys.to_vec()), value()), 0..5).prop_map(|pairs| {
        Value::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()).to_string()
    });
    prop_oneof![9 => object, 1 => any::<String>()]
}

proptest! {
    #[test]
    fn any_call_about_any_files_has_a_bounded_answer(
        files in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..4),
        calls in prop::collection::vec((name(), arguments()), 1..8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let input = input(folder.path(), &files);
        let fence = Fence::random().unwrap();
        for (name, arguments) in calls {
            let answer = match call(&input, &name, &arguments) {
                Done::Answer(answer) => answer,
                Done::Rejected(rejected) => rejected.answer,
                Done::Finished(_) => Answer::default(),
            };
            let text = answer.text(&fence);
            prop_assert!(text.len() <= MAX_TEXT, "{}", text.len());
            prop_assert!(!text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')), "{text:?}");
        }
    }
}
