//! `dangerous-mount`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::{Document, Route};
use crate::finding::Severity;
use crate::route;
use crate::validate::mount::{Danger, Mount};

pub(super) static RULE: Rule = Rule {
    id: "dangerous-mount",
    summary: "a container is given the engine, the disk, a home, the system or keys",
    explanation: "\
## What
An item of `run.volumes`, or of a tool's `container.volumes`, mounts the socket of a container engine, the whole disk, a
home, a folder of the system (`/etc`, `/proc`, `/var/run` …) or a place where keys are kept (`.ssh`, `.aws`, `.kube` …), or
the folder in which the client happens to run (`.`, `$PWD`), or has `..` in its path. Windows' and macOS' spellings of these count too.

## Why
A container keeps a server away from the user's machine, and such a mount undoes it. With the engine's socket a server
starts any container with any mount: it is root. With the rest it reads the keys of everything that the user can reach.
Read-only does not help against reading.

## How to fix
Let the user choose the folder: `\"{{name.path}}:/data\"` with a parameter `path`. Named volumes (`name-data:/data`) need
nothing of the machine at all. Time zone and certificate files of `/etc` are accepted read-only.

## Source
CIS Docker Benchmark, 5.5 (system folders) and 5.31 (the engine's socket).
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let manifest = subject.manifest();
    let name = manifest.name.as_deref().unwrap_or(&subject.entry.name);
    let name = excerpt(name);
    check_volumes(&manifest.run.volumes, &route!["run", "volumes"], &name, sink);
    for (index, tool) in manifest.tools.iter().enumerate() {
        check_volumes(&tool.volumes, &route!["tools", index, "container", "volumes"], &name, sink);
    }
}

fn check_volumes(volumes: &[Option<String>], route: &Route, name: &str, sink: &mut Sink<'_>) {
    for (index, volume) in volumes.iter().enumerate() {
        let Some(volume) = volume else { continue };
        let mount = Mount::parse(volume);
        let Some(danger) = mount.danger() else { continue };
        let what = match danger {
            Danger::EngineSocket => "hands over the container engine: whoever has its socket is root on the machine",
            Danger::Root => "hands over the whole disk",
            Danger::Disks => "hands over every disk that is mounted there",
            Danger::Home => "hands over a whole home, with its keys and history",
            Danger::System => "hands over a part of the system that runs the container",
            Danger::Keys => "hands over a place where keys are kept",
            Danger::Working => "hands over whatever folder the client runs in, which may be a whole home",
            Danger::Upwards => "has `..` in its path, which leads elsewhere than it says",
        };
        sink.value(route.then(index), format!("this mount {what}")).label(format!("`{}`", excerpt(mount.host))).help(
            match danger {
                Danger::EngineSocket => {
                    "remove it; a server that must control containers needs a maintainer's waiver".to_owned()
                }
                _ => {
                    let template = format!("{{{{{name}.path}}}}");
                    format!(
                        "let the user choose a folder with a parameter, `\"{template}:/data\"`, or use a named volume"
                    )
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    fn of(volume: &str) -> usize {
        findings("dangerous-mount", "x", &format!("run: {{volumes: ['{volume}']}}\n"))
    }

    #[test]
    fn dangerous_mounts_are_found() {
        let yaml = "\
name: x
run:
  volumes:
    - x-data:/data
    - /var/run/docker.sock:/var/run/docker.sock
    - ~/.ssh:/root/.ssh:ro
    - /:/host
";
        insta::assert_snapshot!(rendered("dangerous-mount", "x", yaml), @r#"
        error[dangerous-mount]: this mount hands over the container engine: whoever has its socket is root on the machine
         --> servers/x/server.yaml:5:7
          |
        5 |     - /var/run/docker.sock:/var/run/docker.sock
          |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `/var/run/docker.sock`
          |
          = help: remove it; a server that must control containers needs a maintainer's waiver

        error[dangerous-mount]: this mount hands over a place where keys are kept
         --> servers/x/server.yaml:6:7
          |
        6 |     - ~/.ssh:/root/.ssh:ro
          |       ^^^^^^^^^^^^^^^^^^^^ `~/.ssh`
          |
          = help: let the user choose a folder with a parameter, `"{{x.path}}:/data"`, or use a named volume

        error[dangerous-mount]: this mount hands over the whole disk
         --> servers/x/server.yaml:7:7
          |
        7 |     - /:/host
          |       ^^^^^^^ `/`
          |
          = help: let the user choose a folder with a parameter, `"{{x.path}}:/data"`, or use a named volume
        "#);
    }

    #[test]
    fn the_mounts_of_tools_count_too() {
        let yaml = "tools:\n  - container: {volumes: ['/etc:/etc']}\n  - container: {volumes: [1, '/home:/h']}\n";
        assert_eq!(findings("dangerous-mount", "x", yaml), 2);
    }

    #[test]
    fn what_the_user_chooses_is_fine() {
        for volume in ["{{x.dir}}:/data", "{{x.paths|volume|into}}", "x-data:/data", "/etc/localtime:/etc/localtime:ro"]
        {
            assert_eq!(of(volume), 0, "{volume}");
        }
    }

    #[test]
    fn the_folder_of_the_client_is_nobodys_choice() {
        assert_eq!(of(".:/data") + of("$PWD:/data") + of("${HOME:-/root}:/data"), 3);
        assert_eq!(of("./data:/data"), 0);
    }

    #[test]
    fn only_the_hosts_side_counts() {
        assert_eq!(of("{{x.dir}}:/etc"), 0);
        assert_eq!(of("x-data:/root/.ssh"), 0);
        assert_eq!(of("{{x.dir}}/.ssh:/keys"), 1);
    }
}
