use crate::review::scan::scan;
use crate::review::scan::testing::{shown, shown_diff, shown_full, snapshot};
use crate::snapshot::Material;

const BAD: &str = "# syntax=evil/frontend\nFROM node:22 AS build\nARG NPM_TOKEN\nENV API_KEY=a8f7b6c5d4e3\nADD http://acme.io/x.tar /x\nRUN apt-get update && \\\n    curl -fsSL https://acme.io/install.sh | bash -\nRUN --security=insecure bash -c \"$(wget -qO- http://acme.io/x)\"\nFROM build\nUSER root\nENTRYPOINT curl https://acme.io | sh\n";

#[test]
fn what_a_build_should_not_do_is_said() {
    insta::assert_snapshot!(shown_full(&[("Dockerfile", BAD)]), @r#"
    high Dockerfile:8: Dockerfile: what an unprotected address answers is run
        | RUN --security=insecure bash -c "$(wget -qO- http://acme.io/x)"
    high Dockerfile:11: Dockerfile: what an address answers is run
        | ENTRYPOINT curl https://acme.io | sh
    medium Dockerfile: 5 more findings of the kind `Dockerfile` are not listed
    medium Dockerfile:1: Dockerfile: the file is read by an image of somebody else (`syntax`)
        | # syntax=evil/frontend
    medium Dockerfile:4: Dockerfile: a secret is written into the image
        | ENV API_KEY=a8f7b6c5d4e3
    medium Dockerfile:7: Dockerfile: what an address answers is run
        | curl -fsSL https://acme.io/install.sh | bash -
    info Dockerfile:5: This code names hosts: acme.io
        | ADD http://acme.io/x.tar /x
    "#);
    insta::assert_snapshot!(shown_full(&[("examples/Dockerfile", "FROM a\nRUN curl https://acme.io | sh\n")]), @r"
    low examples/Dockerfile:2: Dockerfile: what an address answers is run
        | RUN curl https://acme.io | sh
    info examples/Dockerfile:1: Dockerfile: the base image is not pinned to a digest
        | FROM a
    info examples/Dockerfile:1: Dockerfile: the image names no user, and so runs as root
        | FROM a
    ");
}

#[test]
fn a_careful_one_is_fine() {
    let good = "# syntax=docker/dockerfile:1\nFROM node:22@sha256:aaaa AS build\n# RUN curl https://acme.io | sh\nENV NODE_ENV=production TOKEN_TTL=3600000000 API_KEY=\nRUN curl -fsSL https://acme.io/x -o x && sha256sum -c x.sum | tee log\nFROM scratch\nCOPY --from=build /a /a\nUSER 1000\n";
    assert_eq!(
        shown_full(&[("Dockerfile", good)])
            .lines()
            .filter(|line| !line.contains("info") && !line.contains("    |"))
            .count(),
        0,
        "{}",
        shown_full(&[("Dockerfile", good)])
    );
}

#[test]
fn it_is_read_as_the_builder_reads_it() {
    insta::assert_snapshot!(shown_full(&[
        ("a/Dockerfile", "FROM a@sha256:a\nRUN cu\\\nrl -s https://acme.io/i | s\\\nh\nRUN <<EOF\nset -e\nwget -qO- https://acme.io/2 | python3\nUSER 1000\nEOF\nCOPY --from=acme/image:1 /x /x\n"),
        ("b/Dockerfile", "# escape=`\nFROM a@sha256:a\nUSER 1\nRUN curl -o x https://acme.io/i\nRUN chmod +x x && `\n ./x\n"),
    ]), @r"
    medium a/Dockerfile:2: Dockerfile: what an address answers is run
        | RUN cu\\
    medium a/Dockerfile:7: Dockerfile: what an address answers is run
        | wget -qO- https://acme.io/2 | python3
    medium b/Dockerfile:6: Dockerfile: what an address answers is run
    low a/Dockerfile:10: Dockerfile: files are taken from an image that is not pinned to a digest
        | COPY --from=acme/image:1 /x /x
    info a/Dockerfile:1: Dockerfile: the image names no user, and so runs as root
        | FROM a@sha256:a
    info a/Dockerfile:3: This code names hosts: acme.io
        | rl -s https://acme.io/i | s\\
    ");
    let fine = "FROM a@sha256:a AS b\nRUN echo '<<EOF' && cat <<-X > f\n# curl acme.io | sh\n\tX\nCOPY --from=b /x /x\nCOPY --from=0 /x /x\nUSER 1\n";
    assert_eq!(shown_full(&[("a/Dockerfile", fine)]), "");
}

#[test]
fn variables_of_the_image_reach_its_commands() {
    for set in ["ENV D=curl", "ENV D curl", "ARG D=curl", "ENV A=b \\\n  D=\"curl\"", "ARG C=curl\nENV D=$C"] {
        let text = format!("FROM a@sha256:a\nUSER 1\n{set}\nRUN $D -s https://acme.io/i | sh\n");
        let found = shown_full(&[("a/Dockerfile", &text)]);
        assert!(found.contains("Dockerfile: what an address answers is run"), "{text}\n{found}");
    }
}

#[test]
fn only_what_is_new_is_said_of_a_change() {
    insta::assert_snapshot!(shown_diff(&[("Dockerfile", "FROM a\nUSER 1\n")], &[("Dockerfile", "FROM a\nRUN wget -O- https://acme.io | sh\nUSER 1\n")]), @r"
    medium Dockerfile:2: Dockerfile: what an address answers is run
        | RUN wget -O- https://acme.io | sh
    low Dockerfile:2: This file names a host that the code did not name before: acme.io
        | RUN wget -O- https://acme.io | sh
    ");
}

#[test]
fn lists_of_words_and_downloads_of_add_are_read_too() {
    let text = "FROM a@sha256:a\nUSER 1\n\
        RUN [\"sh\", \"-c\", \"curl -o x https://acme.io/1; sh x\"]\n\
        RUN --mount=type=cache,target=/c [\"/bin/bash\", \"-ec\", \"\\u0063url https://acme.io/2 | sh\"]\n\
        ADD https://acme.io/3 /opt/\n\
        RUN chmod +x /opt/3 && /opt/3\n\
        ADD [\"https://acme.io/4.sh\", \"/4.sh\"]\n\
        COPY <<EOF /start.sh\n\
        wget -qO- https://acme.io/5 | sh\n\
        EOF\n\
        ENTRYPOINT [\"/4.sh\"]\n";
    insta::assert_snapshot!(shown_full(&[("a/Dockerfile", text)]), @r#"
    high a/Dockerfile:11: Dockerfile: what an address answers is run
        | ENTRYPOINT ["/4.sh"]
    medium a/Dockerfile:3: Dockerfile: what an address answers is run
        | RUN ["sh", "-c", "curl -o x https://acme.io/1; sh x"]
    medium a/Dockerfile:4: Dockerfile: what an address answers is run
        | RUN --mount=type=cache,target=/c ["/bin/bash", "-ec", "\\u0063url https://acme.io/2 | sh"]
    medium a/Dockerfile:6: Dockerfile: what an address answers is run
        | RUN chmod +x /opt/3 && /opt/3
    medium a/Dockerfile:9: Dockerfile: what an address answers is run
        | wget -qO- https://acme.io/5 | sh
    low a/Dockerfile: 2 more findings of the kind `Dockerfile` are not listed
    info a/Dockerfile:3: This code names hosts: acme.io
        | RUN ["sh", "-c", "curl -o x https://acme.io/1; sh x"]
    "#);
    let fine = "FROM a@sha256:a\nUSER 1\n\
        ADD --checksum=sha256:00 https://acme.io/3 /opt/3\n\
        RUN [\"/opt/3\", \"curl\"]\n\
        RUN set -eux; curl -o x https://acme.io/x; echo \"$SUM  x\" | sha256sum -c -; ./x\n\
        RUN curl -O https://acme.io/y.sh && echo \"$SUM  y.sh\" | sha256sum -c -\n\
        RUN sh y.sh\n\
        CMD [\"sh\", \"-c\", \"curl -f localhost || exit 1\"]\n";
    let found = shown_full(&[("a/Dockerfile", fine)]);
    assert!(!found.contains("is run"), "{found}");
}

#[test]
fn packages_without_a_version_are_said_where_the_image_fetches_them() {
    let text = "FROM a@sha256:a\nUSER 1\nRUN pip install git+https://github.com/acme/x\nENTRYPOINT [\"npx\", \"-y\", \"@acme/server\"]\n";
    insta::assert_snapshot!(shown_full(&[("a/Dockerfile", text)]), @r#"
    medium a/Dockerfile:3: Dockerfile: a package is built from whatever a Git repository holds
        | RUN pip install git+https://github.com/acme/x
    low a/Dockerfile:4: Dockerfile: a package without a fixed version is fetched and run
        | ENTRYPOINT ["npx", "-y", "@acme/server"]
    info a/Dockerfile:3: This code names hosts: github.com
        | RUN pip install git+https://github.com/acme/x
    "#);
}

#[test]
fn the_file_that_the_image_is_built_by_is_read_as_one_whatever_its_name() {
    let text = "FROM a@sha256:a\nRUN curl https://acme.io | sh\nUSER 1\n";
    for path in ["docker/build.txt", "build", "docs/image.md", "server.json"] {
        let head = snapshot(&[(path, text.as_bytes())]);
        let material = Material { head: &head, base: None, changes: &[], directory: "", dockerfile: Some(path) };
        let found = shown(&scan(&material));
        assert!(found.contains(&format!("medium {path}:2: Dockerfile: what an address answers is run")), "{found}");
    }
    assert!(!shown_full(&[("docker/build.txt", text)]).contains("Dockerfile"));
}
