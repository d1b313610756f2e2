//! What a file is for, by its path: the same line is worth less where it does not run for users.

use crate::snapshot::language::Language;
use crate::verdict::Risk;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Everything that no other place claims: it may be built, installed or run.
    Product,
    /// Tests, benchmarks, examples and their data. It can still be run by who builds or tries the code.
    Test,
    /// Texts for people. Models read them too.
    Docs,
}

/// Folders whose content is not what users run. By the habits of the languages' own tools.
const TESTS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "__tests__",
    "__test__",
    "__mocks__",
    "__fixtures__",
    "spec",
    "specs",
    "e2e",
    "testdata",
    "test-data",
    "test_data",
    "fixture",
    "fixtures",
    "mock",
    "mocks",
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "example",
    "examples",
    "sample",
    "samples",
    "demo",
    "demos",
    "cypress",
    "snapshots",
    "__snapshots__",
    "androidtest",
    "evals",
    "fuzz",
];
const DOCS: &[&str] = &["doc", "docs", "documentation", "website", "locales", "locale", "i18n"];

impl Place {
    /// What the file at `path` is for.
    pub(super) fn of(path: &str, language: Language) -> Self {
        let lower = path.to_ascii_lowercase();
        let mut parts = lower.split('/').rev();
        let name = parts.next().unwrap_or_default();
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        if language == Language::Prose {
            return Self::Docs;
        }
        let is_test_name = name.starts_with("test_")
            || stem.ends_with("_test")
            || stem.ends_with("_spec")
            || matches!(stem, "conftest" | "tests" | "test")
            || name.contains(".test.")
            || name.contains(".spec.")
            || name.contains(".e2e.")
            || (matches!(language, Language::Jvm | Language::CSharp)
                && (stem.ends_with("test") || stem.ends_with("tests")));
        let (mut tests, mut docs) = (is_test_name, false);
        for part in parts {
            tests |= TESTS.contains(&part)
                || part.ends_with(".tests")
                || part.ends_with("-tests")
                || part.ends_with("_tests");
            docs |= DOCS.contains(&part);
        }
        if tests {
            Self::Test
        } else if docs && !language.is_code() {
            Self::Docs
        } else {
            Self::Product
        }
    }

    /// The risk that something has here, which has `risk` in the product: one step less in tests, two in texts for people.
    /// Never less than `info`, and `info` stays.
    pub(super) fn risk(self, risk: Risk) -> Risk {
        match self {
            Self::Product => risk,
            Self::Test => less(risk),
            Self::Docs => less(less(risk)),
        }
    }
}

/// The next lower risk.
pub(super) fn less(risk: Risk) -> Risk {
    match risk {
        Risk::Critical => Risk::High,
        Risk::High => Risk::Medium,
        Risk::Medium => Risk::Low,
        Risk::Low | Risk::Info => Risk::Info,
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, Place};
    use crate::verdict::Risk;

    fn place(path: &str) -> Place {
        Place::of(path, Language::of(path, b""))
    }

    #[test]
    fn paths_say_what_a_file_is_for() {
        for path in [
            "src/index.ts",
            "contest/a.py",
            "latest.js",
            "src/testament.rs",
            "docs/build.js",
            "setup.py",
            "Makefile",
            "specs.go",
        ] {
            assert_eq!(place(path), Place::Product, "{path}");
        }
        for path in [
            "tests/a.py",
            "src/a.test.ts",
            "a/test_b.py",
            "b_test.go",
            "x/__tests__/y.js",
            "Examples/a.sh",
            "src/FooTest.java",
        ] {
            assert_eq!(place(path), Place::Test, "{path}");
        }
        for path in ["README.md", "docs/a.txt", "CHANGELOG.rst", "docs/data.json"] {
            assert_eq!(place(path), Place::Docs, "{path}");
        }
    }

    #[test]
    fn risk_is_lower_where_less_runs_and_never_below_info() {
        assert_eq!(Place::Product.risk(Risk::High), Risk::High);
        assert_eq!(Place::Test.risk(Risk::High), Risk::Medium);
        assert_eq!(Place::Docs.risk(Risk::High), Risk::Low);
        assert_eq!(Place::Docs.risk(Risk::Info), Risk::Info);
    }
}
