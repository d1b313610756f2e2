//! Markdown from templates whose fields may hold anything.
//!
//! The engine's own filters are not there, `safe` among them, and its automatic escaping knows no Markdown. In their place every
//! value that is written goes through [`write`]: a number as it is, a text as words, and only what one of the filters here has
//! escaped as it is. To forget a filter is harmless.

use super::{markdown, markdown_code, terminal};
use crate::text::{cut, first};
use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

/// The most bytes of a text that the template gives no limit for.
const DEFAULT_BYTES: usize = 200;
/// The most lines of a quote.
const MAX_LINES: usize = 30;
/// The most characters of a line of a quote.
const MAX_LINE: usize = 300;

/// An engine that writes nothing unescaped. Filters: `words(BYTES)`, `code(BYTES)`, `fence(BYTES)` and `link(ADDRESS)`.
pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(write);
    environment.add_filter("words", words_filter);
    environment.add_filter("code", code_filter);
    environment.add_filter("fence", fence_filter);
    environment.add_filter("link", link_filter);
    environment
}

/// Plain words: `{{ text|words(BYTES) }}`.
fn words_filter(text: &str, bytes: Option<usize>) -> Value {
    Value::from_safe_string(within(text, bytes, markdown))
}

/// A code span: `{{ text|code(BYTES) }}`.
fn code_filter(text: &str, bytes: Option<usize>) -> Value {
    Value::from_safe_string(within(text, bytes, code))
}

/// A fenced block: `{{ text|fence(BYTES) }}`.
fn fence_filter(text: &str, bytes: usize) -> Value {
    Value::from_safe_string(fence(text, bytes))
}

/// A code span that is a link, if there is an address: `{{ text|link(address) }}`.
fn link_filter(text: &str, url: Option<&str>) -> Value {
    let shown = within(text, Some(2 * DEFAULT_BYTES), code);
    Value::from_safe_string(match url.filter(|url| is_plain(url)) {
        Some(url) => format!("[{shown}]({url})"),
        None => shown,
    })
}

/// Writes one value: the only way from a field to the report.
fn write(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let written = match (value.kind(), value.as_str()) {
        (ValueKind::Number, _) => out.write_str(&value.to_string()),
        (_, Some(text)) if value.is_safe() => out.write_str(text),
        (_, Some(text)) => out.write_str(&within(text, None, markdown)),
        (kind, None) => return Err(Error::new(ErrorKind::InvalidOperation, format!("a {kind} is written"))),
    };
    written.map_err(Error::from)
}

/// Whether an address holds nothing that could end a link, which [`super::host`] sees to.
fn is_plain(url: &str) -> bool {
    url.starts_with("https://") && url.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/:%#".contains(&byte))
}

/// `text` escaped, and cut with `…` so that the result has at most so many bytes. What is cut is the text: an escape is whole
/// or not there.
fn within(text: &str, bytes: Option<usize>, escape: fn(&str) -> String) -> String {
    let most = bytes.unwrap_or(DEFAULT_BYTES);
    // No escape is shorter than what it stands for by more than the blanks at the begin, of which one is as good as many.
    let text = text.trim();
    let mut kept = first(text, most);
    let mut cut = kept.len() < text.len();
    loop {
        let mut escaped = escape(kept);
        if cut {
            escaped.push('…');
        }
        if escaped.len() <= most || kept.is_empty() {
            return escaped;
        }
        let characters = kept.chars().count();
        // In proportion to what is too much, and at least one.
        let keep = (characters * most / escaped.len()).min(characters - 1);
        kept = first(kept, keep);
        cut = true;
    }
}

/// A code span, also of blanks.
fn code(text: &str) -> String {
    let shown = markdown_code(text);
    if shown.is_empty() { markdown("(blank)") } else { shown }
}

/// A fenced block of at most `bytes` bytes and [`MAX_LINES`] lines, whose fence is longer than any in it.
fn fence(text: &str, bytes: usize) -> String {
    let mut body = String::new();
    let mut lines = text.trim_matches(['\r', '\n']).split('\n');
    for (number, line) in lines.by_ref().enumerate() {
        let line = line.trim_end_matches(['\r', ' ', '\t']);
        let mut shown = cut(line, MAX_LINE).split('\t').map(terminal).collect::<Vec<_>>().join("    ");
        shown.push('\n');
        if number == MAX_LINES || body.len() + shown.len() > bytes {
            body.push_str("…\n");
            break;
        }
        body.push_str(&shown);
    }
    let longest = body.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{body}{fence}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{code, environment, fence, markdown, within};
    use minijinja::context;

    #[test]
    fn a_forgotten_filter_is_harmless() {
        let environment = environment();
        let render = |template: &str| {
            environment.render_str(template, context! { x => "<b> @octocat ![i](j)\n# x", n => 3, l => [1] })
        };
        insta::assert_snapshot!(render("{{ x }} {{ n }}").unwrap(), @"&#60;b&#62; &#64;&#8203;octocat &#33;&#91;i&#93;&#40;j&#41;&#92;n&#35;&#8203; x 3");
        insta::assert_snapshot!(render("{{ x ~ x|words }} {{ x|link(x) }}").unwrap(), @r"&#60;b&#62; &#64;&#8203;octocat &#33;&#91;i&#93;&#40;j&#41;&#92;n&#35;&#8203; x&#38;&#35;&#8203;60;b&#38;&#35;&#8203;62; &#38;&#35;&#8203;64;&#38;&#35;&#8203;8203;octocat &#38;&#35;&#8203;33… `<b> @octocat ![i](j)\n# x`");
        insta::assert_snapshot!(render("{% set y %}{{ x|code }} <i>{% endset %}{{ y }}").unwrap(), @r"`<b> @octocat ![i](j)\n# x` &#60;i&#62;");
        for refused in [
            "{{ x|safe }}",
            "{{ x|e }}",
            "{{ x|upper }}",
            "{{ y }}",
            "{{ l }}",
            "{{ none }}",
            "{{ true }}",
            "{{ x|fence }}",
        ] {
            assert!(render(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn texts_are_cut_by_what_they_become() {
        assert_eq!(within("plain", Some(5), markdown), "plain");
        assert_eq!(within("plainer", Some(5), markdown), "pl…");
        assert_eq!(within("@@@@", Some(30), markdown), "&#64;&#8203;&#64;&#8203;…");
        for most in 3..200 {
            for text in ["ä`b`".repeat(99), "\u{202e}`".repeat(99), "`".repeat(300), "a|`".repeat(50), " ".repeat(500)]
            {
                assert!(within(&text, Some(most), markdown).len() <= most, "{most} {text}");
                assert!(within(&text, Some(most.max(20)), code).len() <= most.max(20), "{most} {text}");
            }
        }
        assert_eq!(within("  ", None, code), "&#40;blank&#41;");
    }

    #[test]
    fn fences_hold_what_they_fence() {
        insta::assert_snapshot!(fence("a\n```\n~~~\n````js\n\u{202e}x\u{1b}[2J\r\n\tb  \n", 2_000), @r"
        `````
        a
        ```
        ~~~
        ````js
        \u{202e}x\u{1b}[2J
            b
        `````
        ");
        let long = fence(&"x".repeat(1_000_000), 2_000);
        assert_eq!(long, format!("```\n{}…\n```", "x".repeat(299)));
        assert_eq!(fence(&"y\n".repeat(500), 2_000).lines().count(), 30 + 3);
        assert!(fence(&"`".repeat(5_000), 2_000).len() < 3_000);
        assert!(fence(&"\u{10ffff}".repeat(5_000), 2_000).len() < 2_100);
    }
}
