use super::{Language, mask};

fn path(language: Language) -> &'static str {
    match language {
        Language::JavaScript => "a.ts",
        Language::Shell => "a.sh",
        Language::Jvm => "A.java",
        Language::CSharp => "A.cs",
        Language::Other => "a.c",
        Language::Dockerfile => "Dockerfile",
        _ => "a",
    }
}

fn code(text: &str, language: Language) -> String {
    mask(text, language, path(language)).code
}

#[test]
fn comments_are_blank_and_strings_are_not() {
    assert_eq!(code("a(); // b\n/* c\n d */ e()", Language::JavaScript), "a();     \n    \n      e()");
    assert_eq!(code("x = 'http://a' # b\n", Language::Python), "x = 'http://a'    \n");
    assert_eq!(
        code("def f():\n  \"\"\"doc\"\"\"\n  g(\"\"\"x\"\"\")", Language::Python),
        "def f():\n           \n  g(\"\"\"x\"\"\")"
    );
    assert_eq!(code("echo \"# no\" ${#a} # yes", Language::Shell), "echo \"# no\" ${#a}      ");
    assert_eq!(code("s := `// no`", Language::Go), "s := `// no`");
    assert_eq!(code("f('\"', '\\'', 'é'); // b", Language::Rust), "f('\"', '\\'', 'é');     ");
    assert_eq!(code("let a: &'a str = \"//\"; // b", Language::Rust), "let a: &'a str = \"//\";     ");
}

#[test]
fn names_are_what_is_neither_comment_nor_string() {
    assert_eq!(mask("f(`a ${b(`c`)} d`)", Language::JavaScript, "a.js").names, "f(`  ${b(` `)}  `)");
    assert_eq!(mask("x = 'é' + y", Language::Python, "a.py").names, "x = '  ' + y");
}

#[test]
fn ordinary_comments_are_hidden_in_every_language() {
    for (text, language) in [
        ("x = a / b; // evil()\ny = (a + b) / c // evil()\nif (x) /a'/.test(y) // evil()", Language::JavaScript),
        ("const re = /[\"'`]/g; // evil()\nreturn /'/.test(`${a}'`) // evil()", Language::JavaScript),
        ("const f = (a: Array<string>): Promise<void> => { /* evil() */ }\n/** evil() */", Language::JavaScript),
        ("`${a ? `b${c}` : '}'}` // evil()", Language::JavaScript),
        ("x = f\"{a['b']} {{\" # evil()\n\"\"\"evil()\"\"\"\ny = '#' # evil()", Language::Python),
        ("\"\"\"evil() and exec\"\"\"\na.__doc__ = b.__doc__; re.compile(c)", Language::Python),
        ("x := '\"' // evil()\n/* evil() */", Language::Go),
        ("let x = r#\"a\"b\"#; // evil()\n/* a /* b */ evil() */", Language::Rust),
        ("String s = \"\"\"\n a \\\"\"\" b\"\"\"; // evil()\nchar c = '\"'; // evil()", Language::Jvm),
        (
            "var s = @\"c:\\\"; // evil()\nvar t = $\"{f(\"x\")}\"; // evil()\nvar u = \"\"\"a\"b\"\"\"; // evil()",
            Language::CSharp,
        ),
        (
            "x='it'\\''s' # evil()\ny=\"$(echo \"a\") ${b:-c}\" # evil()\ncat <<EOF\ndon't\nEOF\n# evil()",
            Language::Shell,
        ),
        ("case $x in\na) y=$((1<<2)) ;; # evil()\nesac", Language::Shell),
        ("<?php\n$a = \"{$b[\"c\"]}\"; // evil()\n# evil()\n?><p>don't</p><?php // evil()", Language::Php),
        ("#define A 'a' /* evil() */\nint x = 1'000; // evil()\n", Language::Other),
        ("FROM a\n# evil()\nRUN a", Language::Dockerfile),
    ] {
        assert!(!code(text, language).contains("evil()"), "{text}\n---\n{}", code(text, language));
    }
}

#[test]
fn what_looks_like_a_comment_does_not_hide_code() {
    for (text, language) in [
        ("x = /[/*]/; evil()", Language::JavaScript),
        ("x = a/*b; evil()", Language::Python),
        ("const a = `\n/*\n`; evil();", Language::JavaScript),
        ("x = '#'; evil()", Language::Python),
        ("x = \"/*\"; evil()", Language::Go),
        ("curl x#y | evil()", Language::Shell),
        ("exec(\n\"\"\"\nevil()\n\"\"\")", Language::Python),
        // Line ends.
        ("// a\revil()", Language::JavaScript),
        ("// a\u{2028}evil()", Language::JavaScript),
        ("// a\u{2029}evil()", Language::JavaScript),
        ("# a\revil()", Language::Python),
        ("// a\revil()", Language::Jvm),
        ("// a\u{85}evil()", Language::CSharp),
        // What ends a string.
        ("x = \"\"\"a\\\"\"\" # \"\"\"; evil()", Language::Python),
        ("x = r'\\'; evil() #'", Language::Python),
        ("f\"{'\"'} # {\"\"; evil()}\"", Language::Python),
        ("let x = r#\"a\" /* \"#; evil(); // */", Language::Rust),
        ("let x = r\"\\\"; evil(); // \"", Language::Rust),
        ("var x = @\"\\\"; evil(); // \"", Language::CSharp),
        ("var x = \"\"\"a\" /* \"\"\"; evil(); // */", Language::CSharp),
        ("var x = $\"{f(\" /* \")}\"; evil(); // */", Language::CSharp),
        ("String s = \"\"\"\n\" /* \\\"\"\" \"\"\"; evil(); // */", Language::Jvm),
        ("x = \"$(echo \" # \")\"; evil()", Language::Shell),
        ("x=${y/ #/}; evil()", Language::Shell),
        ("cat <<X\n\"\nX\ny=\"\n# $(evil())\n\"", Language::Shell),
        ("x=\"\n# $(evil())\n\"", Language::Shell),
        ("echo a\\\n# b; evil()", Language::Shell),
        ("const char *x = R\"(\" /* )\"; evil(); // */", Language::Other),
        // Regular expressions and divisions.
        ("function f() { return /\"/ } x = \"/*\"; evil(); // */", Language::JavaScript),
        ("if (x) /\"/.test(y); z = \"/*\"; evil(); // */", Language::JavaScript),
        ("if (x) {} /\"/.test(y); z = \"/*\"; evil(); // */", Language::JavaScript),
        ("a.if(x) / \"/*\" / evil() // */", Language::JavaScript),
        ("x = [...typeof /\"/, \"/*\", evil()] // */", Language::JavaScript),
        ("x = a++ / \"/*\"; evil(); y / 1 // */", Language::JavaScript),
        ("`${/`/}${'/*'}`; evil(); // */", Language::JavaScript),
        ("<!-- `\nx = `/*`; evil(); // */ `", Language::JavaScript),
        // What is not what it seems.
        ("<?php // a ?><?php evil()", Language::Php),
        ("<p>/*</p><?php evil(); ?>*/", Language::Php),
        ("<?php $x = <<<A\n\" /*\nA;\nevil(); // */", Language::Php),
        ("#define A evil()", Language::Other),
        ("// a \\\n /* \nevil(); // */", Language::Other),
        ("#region /*\nevil();\n#endregion */", Language::CSharp),
        ("// \\u000a evil()", Language::Jvm),
        ("// #include <x.h>\n// evil()\nimport \"C\"", Language::Go),
        ("//go:generate evil()", Language::Go),
        ("RUN <<EOF\nx=\"\n# $(evil())\"\nEOF", Language::Dockerfile),
        ("exec(\"a\"\n\"\"\"evil()\"\"\")", Language::Python),
        ("\"\"\"evil()\"\"\"\nexec(__doc__)", Language::Python),
        ("\"\"\"evil()\"\"\"\nbuiltins.exec(__doc__)", Language::Python),
        // What has no end.
        ("/* evil()", Language::JavaScript),
        ("/* evil()", Language::Rust),
        ("\"\"\"\nevil()", Language::Python),
        ("x = ` // ${\n /* evil() */", Language::JavaScript),
    ] {
        assert!(code(text, language).contains("evil()"), "{text}\n---\n{}", code(text, language));
    }
    for (text, language, path) in [
        ("a = <p> /* </p>; evil(); b = <p> */ </p>", Language::JavaScript, "a.jsx"),
        ("<p>/*</p><script>evil()</script><p>*/</p>", Language::JavaScript, "a.vue"),
        ("\t# $(shell evil())", Language::Shell, "Makefile"),
        ("x = 1 -- evil()\n", Language::Other, "a.c"),
        ("my $x = $y // evil();", Language::Other, "a.pl"),
        ("local x = y // evil()", Language::Other, "a.lua"),
        ("echo x # & evil()", Language::PowerShell, "a.bat"),
        ("x = #t; evil()", Language::Shell, "run"),
    ] {
        assert!(mask(text, language, path).code.contains("evil()"), "{text}");
    }
}

#[test]
fn lines_made_to_be_read_again_and_again_cost_no_more_than_others() {
    for piece in [
        "}/[", "\"\"\"", "\"", "'", "/*", "`${", "r#\"", "#", "{{", "$(", "$\"{", "<<A\n", "}}", "\\\"", "<<<A\n", "x/",
    ] {
        let text = piece.repeat(300_000 / piece.len());
        for language in LANGUAGES {
            assert_eq!(mask(&text, *language, path(*language)).code.len(), text.len());
        }
    }
}

const LANGUAGES: &[Language] = &[
    Language::JavaScript,
    Language::Python,
    Language::Go,
    Language::Rust,
    Language::Jvm,
    Language::CSharp,
    Language::Shell,
    Language::Php,
    Language::Other,
    Language::Ruby,
    Language::Dockerfile,
];

proptest::proptest! {
    #[test]
    fn any_text_can_be_masked(text in "(\\PC|/\\*|\\*/|//|#|`|\\$\\{|\\$\\(|\\)|\\(|<<|EOF|\\}|\\{|\"\"\"|\"|'|\\\\|\n|\r|/|\\$|@|é|<\\?php|r#){0,60}") {
        for language in LANGUAGES {
            let masked = mask(&text, *language, path(*language));
            proptest::prop_assert_eq!(masked.code.len(), text.len());
            proptest::prop_assert_eq!(masked.names.len(), text.len());
            proptest::prop_assert_eq!(masked.code.matches('\n').count(), text.matches('\n').count());
        }
    }
}
