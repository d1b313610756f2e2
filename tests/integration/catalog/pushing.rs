//! The OCI artifact: pushed to a real image registry, read by others, signed and verified like any digest.

use super::lab::{good, small};
use crate::image_registry::ImageRegistry;
use crate::runner::Runner;
use crate::supply::tools::Readers;
use crate::supply::world::fixture;
use serde_json::Value;

struct Pushed {
    runner: Runner,
    registry: ImageRegistry,
    /// `HOST/acme/catalog@sha256:…`
    reference: String,
}

impl Pushed {
    fn new() -> Option<Self> {
        let registry = ImageRegistry::start()?;
        let runner = small();
        let mut pushed = Self { runner, registry, reference: String::new() };
        let output = pushed.push(&[]);
        good(&output);
        pushed.reference = output.stdout.trim_end().to_owned();
        Some(pushed)
    }

    fn push(&self, more: &[&str]) -> crate::runner::Output {
        let reference = format!("{}/acme/catalog:v1", self.registry.host);
        let title = "Acme's <servers>";
        self.runner
            .run([&["catalog", "--digests", "digests.json", "--push", &reference, "--title", title], more].concat())
    }

    /// What the registry has under a digest, byte for byte.
    fn bytes(&self, digest: &str) -> String {
        std::fs::read_to_string(self.registry.file_of(digest)).unwrap()
    }

    fn shown(&self, text: &str) -> String {
        text.replace(&self.registry.host, "[HOST]")
    }
}

#[test]
fn every_byte_of_the_artifact_is_the_gateways() {
    let Some(pushed) = Pushed::new() else { return };
    let (_, digest) = pushed.reference.split_once('@').unwrap();
    assert_eq!(pushed.registry.digest("acme/catalog", "v1").as_deref(), Some(digest));
    let manifest = pushed.bytes(digest);
    insta::assert_snapshot!(manifest, @r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.docker.mcp.catalog.v1+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"application/json","digest":"sha256:570034e374be1b1c0842ed52ff4ae67f3694eb52c0d2987ecfab5f07d82c5dc4","size":4584}]}"#);
    let layer = serde_json::from_str::<Value>(&manifest).unwrap()["layers"][0]["digest"].as_str().unwrap().to_owned();
    insta::assert_snapshot!(pushed.bytes(&layer), @r#"{"title":"Acme's \u003cservers\u003e","servers":[{"type":"image","image":"mcp/everything@sha256:472e3c603a08e1dbc0adc02bc235ada8fcc09effaf1d61d1d2380b6978ac3f08","snapshot":{"server":{"name":"everything","type":"server","image":"mcp/everything@sha256:472e3c603a08e1dbc0adc02bc235ada8fcc09effaf1d61d1d2380b6978ac3f08","description":"Uses every key that an entry can have, in two lines, with an ümlaut and a line separator (\u2028) in it.","title":"Everything \u0026 \u003cmore\u003e","icon":"https://example.com/icon.png","longLived":true,"remote":{},"oauth":{"providers":[{"provider":"acme","secret":"everything.token","env":"ACME_TOKEN"}]},"secrets":[{"name":"everything.token","env":"ACME_TOKEN"},{"name":"everything.second","env":"SECOND"}],"env":[{"name":"ACME_URL","value":"{{everything.url}}"},{"name":"MODE","value":"fast"}],"command":["--url={{everything.url}}","--mode=on"],"volumes":["{{everything.folder}}:/data:ro"],"user":"1000","disableNetwork":true,"allowHosts":["api.acme.io:443"],"tools":[{"name":"query","description":"Runs a query \u003ccarefully\u003e \u0026 returns rows","arguments":[{"name":"sql","type":"string","desc":"The query"},{"name":"values","type":"array","items":{"type":"string"},"desc":"Its values","optional":true}],"annotations":{"title":"Query","readOnlyHint":true,"destructiveHint":false},"container":{"image":"","command":null,"volumes":null},"parameters":{"type":"","properties":null,"required":null}},{"name":"tables","description":"","arguments":[{"name":"like","type":"string","desc":"A pattern","optional":true},{"name":"limit","type":"integer","desc":"","optional":true},{"name":"schemas","type":"array","items":{"type":"string"},"desc":"Which"}],"container":{"image":"","command":null,"volumes":null},"parameters":{"type":"","properties":null,"required":null}},{"name":"ping","description":"Answers","arguments":[],"container":{"image":"","command":null,"volumes":null},"parameters":{"type":"","properties":null,"required":null}},{"name":"version","description":"The version","container":{"image":"","command":null,"volumes":null},"parameters":{"type":"","properties":null,"required":null}}],"config":[{"anyOf":[{"required":["url"]},{"required":["folder"]}],"description":"Where it connects to \u0026 how","name":"everything","properties":{"folder":{"type":"string"},"inner":{"properties":{"depth":{"default":3,"type":"integer"}},"required":["depth"],"type":"object"},"lists":{"items":{"type":"string"},"type":"array"},"url":{"description":"The address","type":"string"}},"required":["url"],"type":"object"}],"metadata":{"category":"database","tags":["database"],"owner":"acme"}}}},{"type":"image","image":"mcp/plain@sha256:5a0f800e2058b8d22564ba200834d22aa7f91794d48ae768ef33a0cce9b90719","snapshot":{"server":{"name":"plain","type":"server","image":"mcp/plain@sha256:5a0f800e2058b8d22564ba200834d22aa7f91794d48ae768ef33a0cce9b90719","description":"Has nothing but what every entry has.","title":"Plain","icon":"https://example.com/plain.png","remote":{},"metadata":{"category":"development","tags":["development"],"owner":"upstream"}}}},{"type":"remote","endpoint":"https://mcp.acme.io/mcp","snapshot":{"server":{"name":"remote","type":"remote","image":"","description":"A service of others.","title":"Acme Remote","icon":"https://example.com/remote.png","remote":{"url":"https://mcp.acme.io/mcp","transport_type":"streamable-http","headers":{"Authorization":"Bearer ${ACME_KEY}","X-Team":"{{remote.team}}"}},"oauth":{"providers":[{"provider":"acme","secret":"remote.oauth","env":"ACME_OAUTH"}]},"secrets":[{"name":"remote.key","env":"ACME_KEY"}],"config":[{"description":"Configure it","name":"remote","properties":{"team":{"description":"Your team","type":"string"}},"type":"object"}],"metadata":{"category":"productivity","tags":["productivity","remote"]}}}},{"type":"image","image":"tools/fetch:8.1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","snapshot":{"server":{"name":"tools","type":"poci","image":"","description":"Tools that are each a container.","title":"Tools","icon":"https://example.com/tools.png","remote":{},"tools":[{"name":"fetch","description":"Fetches a URL","container":{"image":"tools/fetch:8.1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","command":["{{url}}"],"volumes":["{{folder|volume}}"]},"parameters":{"type":"object","properties":{"folder":{"type":"array","description":"Where to put it","items":{"type":"string"}},"url":{"type":"string","description":"What to fetch"}},"required":["url"]}}],"metadata":{"category":"devops","tags":["tools"]}}}}]}"#);
    // The same again writes nothing, and says so.
    let again = pushed.push(&[]);
    good(&again);
    assert_eq!(again.stdout.trim_end(), pushed.reference);
    insta::assert_snapshot!(pushed.shown(&again.stderr), @r"
        warning[reserved-tag]: the Gateway takes what has the tag `community` for an entry of the community registry
         --> servers/everything/server.yaml:8:5
          |
        8 | /     - community
        9 | |     - database
          | |______________^
          |
          = help: the tag is left out; remove it from `meta.tags`

        1 warning in 4 entries
        [HOST]/acme/catalog:v1 has these 4 entries already
        ");
}

#[test]
fn others_read_it_and_it_is_signed_like_any_digest() {
    let (Some(pushed), Some(readers)) = (Pushed::new(), Readers::find()) else { return };
    let home = pushed.runner.home();
    let text = |output: std::process::Output| {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let image = format!("docker://{}", pushed.reference);
    let raw = text(readers.run("skopeo", &home, &["inspect", "--tls-verify=false", "--raw", &image]));
    let (_, digest) = pushed.reference.split_once('@').unwrap();
    assert_eq!(raw, pushed.bytes(digest));
    for (reader, arguments) in [
        ("oras", vec!["manifest", "fetch", "--plain-http", &pushed.reference]),
        ("crane", vec!["manifest", "--insecure", &pushed.reference]),
    ] {
        if readers.folder().join(reader).exists() {
            let read = text(readers.run(reader, &home, &arguments));
            assert_eq!(read.trim_end(), raw, "{reader}");
        } else {
            println!("skipped: there is no {reader} in {}", readers.folder().display());
        }
    }
    good(&pushed.runner.run(["sign", "--key", &fixture("openssl.key"), &pushed.reference]));
    good(&pushed.runner.run(["verify", "--key", &fixture("openssl.pub"), "--layout", "both", &pushed.reference]));
    let key = fixture("openssl.pub");
    for cosign in ["cosign-2", "cosign-3"] {
        let verified =
            readers.run(cosign, &home, &["verify", "--key", &key, "--insecure-ignore-tlog", &pushed.reference]);
        assert!(verified.status.success(), "{cosign}: {}", String::from_utf8_lossy(&verified.stderr));
    }
}

#[test]
fn what_the_gateway_refuses_is_not_pushed() {
    let Some(pushed) = Pushed::new() else { return };
    let manifest = pushed.runner.read("servers/everything/server.yaml");
    let mut said = String::new();
    for (from, to) in [
        ("          type: string\n      inner", "          type: integer\n      inner"),
        (
            "        type: string\n        description: The address",
            "        type: url\n        description: The address",
        ),
        ("  description: Where it connects to & how\n", ""),
    ] {
        assert!(manifest.contains(from), "{from}");
        pushed.runner.write("servers/everything/server.yaml", manifest.replacen(from, to, 1));
        let output = pushed.push(&[]);
        said.push_str(&format!("{}: {}", output.status, output.stderr));
    }
    pushed.runner.write("servers/everything/server.yaml", &manifest);
    let reference = format!("{}/acme/catalog", pushed.registry.host);
    for arguments in [
        &["--push", &reference, "--title", " "][..],
        &["--push", &reference],
        &["--push", &pushed.reference, "--title", "x"],
        &["--push", &reference, "--title", "x", "--offline"],
    ] {
        let output = pushed.runner.run([&["catalog", "--digests", "digests.json"], arguments].concat());
        said.push_str(&format!("{}: {}", output.status, output.stderr));
    }
    let said = pushed.shown(&said);
    insta::with_settings!({ filters => vec![(r"sha256:[0-9a-f]{64}", "sha256:[DIGEST]")] }, {
        insta::assert_snapshot!(said, @r"
            2: warning[reserved-tag]: the Gateway takes what has the tag `community` for an entry of the community registry
             --> servers/everything/server.yaml:8:5
              |
            8 | /     - community
            9 | |     - database
              | |______________^
              |
              = help: the tag is left out; remove it from `meta.tags`

            1 warning in 4 entries
            error: the Gateway would refuse the catalog for 1 entry in it: nothing was pushed
              hint: `--from` leaves entries out: --from 'name!=NAME'
              | everything: `config.parameters.properties.lists.items` must be of the type `string`, and is `integer`
            2: warning[reserved-tag]: the Gateway takes what has the tag `community` for an entry of the community registry
             --> servers/everything/server.yaml:8:5
              |
            8 | /     - community
            9 | |     - database
              | |______________^
              |
              = help: the tag is left out; remove it from `meta.tags`

            1 warning in 4 entries
            error: the Gateway would refuse the catalog for 1 entry in it: nothing was pushed
              hint: `--from` leaves entries out: --from 'name!=NAME'
              | everything: `config.parameters.properties.url` has the type `url`, which the Gateway does not know
            2: warning[reserved-tag]: the Gateway takes what has the tag `community` for an entry of the community registry
             --> servers/everything/server.yaml:8:5
              |
            8 | /     - community
            9 | |     - database
              | |______________^
              |
              = help: the tag is left out; remove it from `meta.tags`

            1 warning in 4 entries
            error: the Gateway would refuse the catalog for 1 entry in it: nothing was pushed
              hint: `--from` leaves entries out: --from 'name!=NAME'
              | everything: `config.description` is missing
            2: error: `--title` is empty, and the Gateway refuses such a catalog
            2: error: the following required arguments were not provided:
              --title <TEXT>

            Usage: mcp-registry catalog --title <TEXT> --digests <FILE> <--out <PATH>|--push <REFERENCE>|--explain <NAME>> [NAME]...

            For more information, try '--help'.
            2: error: `--push [HOST]/acme/catalog@sha256:[DIGEST]` names a digest, which only the pushed bytes decide
              hint: name a tag, or nothing for `latest`
            2: error: `--push` writes to an image registry, which `--offline` forbids
            ");
    });
    assert_eq!(pushed.registry.digest("acme/catalog", "latest"), None);
}

#[test]
fn a_catalog_that_loses_entries_or_takes_the_place_of_an_image_is_refused() {
    let Some(pushed) = Pushed::new() else { return };
    let fewer = pushed.push(&["--from", "name=plain,remote"]);
    assert_eq!(fewer.status, 3);
    insta::assert_snapshot!(pushed.shown(&fewer.stderr), @r"
        warning[reserved-tag]: the Gateway takes what has the tag `community` for an entry of the community registry
         --> servers/everything/server.yaml:8:5
          |
        8 | /     - community
        9 | |     - database
          | |______________^
          |
          = help: the tag is left out; remove it from `meta.tags`

        1 warning in 4 entries
        error: [HOST]/acme/catalog:v1 would lose 2 of its 4 entries: everything, tools
          hint: `--allow-shrink` replaces it all the same
        ");
    let before = pushed.registry.digest("acme/catalog", "v1");
    assert!(pushed.reference.ends_with(before.as_deref().unwrap()));
    let allowed = pushed.push(&["--from", "name=plain,remote", "--allow-shrink"]);
    good(&allowed);
    assert_ne!(pushed.registry.digest("acme/catalog", "v1"), before);
    // An entry without a digest fails the run: then nothing is pushed.
    pushed.runner.write("digests.json", "{}");
    let failed = pushed.push(&["--allow-shrink"]);
    assert_eq!((failed.status, failed.stdout.as_str()), (1, ""));
    assert!(failed.stderr.ends_with("\nnothing was pushed\n"), "{}", failed.stderr);
    // The tag of an image.
    let world = crate::supply::world::World::at(&pushed.registry.host);
    world.image("an image");
    let reference = format!("{}:latest", world.name);
    let image = pushed.runner.run(["catalog", "--allow-unpinned", "--push", &reference, "--title", "x"]);
    assert_eq!(image.status, 2);
    insta::assert_snapshot!(pushed.shown(&image.stderr), @r"
    warning[reserved-tag]: the Gateway takes what has the tag `community` for an entry of the community registry
     --> servers/everything/server.yaml:8:5
      |
    8 | /     - community
    9 | |     - database
      | |______________^
      |
      = help: the tag is left out; remove it from `meta.tags`

    1 warning in 4 entries
    error: what is at [HOST]/mcp/weather:latest is not a catalog
      hint: name another tag: users of what is there would get a catalog
    ");
}

#[test]
fn digests_are_asked_for_online() {
    let Some(registry) = ImageRegistry::start() else { return };
    let runner = small();
    let world = crate::supply::world::World::at(&registry.host);
    let image = world.image("weather");
    let policy = runner.read("mcp-registry.toml");
    runner.write("mcp-registry.toml", format!("[registry]\nnamespace = \"{}/mcp/\"\n{policy}", registry.host));
    let manifest = runner.read("servers/plain/server.yaml");
    runner.write("servers/plain/server.yaml", manifest.replace("mcp/plain", &format!("{}/mcp/weather", registry.host)));
    runner.write(
        "servers/everything/server.yaml",
        runner.read("servers/everything/server.yaml").replace("mcp/everything", &format!("{}/mcp/none", registry.host)),
    );
    let output = runner.run(["catalog", "--online", "--out", "catalog.yaml"]);
    assert_eq!(output.status, 1, "{}", output.stderr);
    let catalog = super::lab::yaml(&runner.read("catalog.yaml"));
    assert_eq!(catalog["registry"]["plain"]["image"], Value::from(image));
    insta::assert_snapshot!(output.stdout.replace(&registry.host, "[HOST]"), @r"
        error[unpinned-image]: nobody knows the digest of [HOST]/mcp/none
         --> servers/everything/server.yaml:2:8
          |
        2 | image: [HOST]/mcp/none
          |        ^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: give the file that `build --push --digests` wrote, or ask with `--online`; `--allow-unpinned` keeps the entry

        warning[reserved-tag]: the Gateway takes what has the tag `community` for an entry of the community registry
         --> servers/everything/server.yaml:8:5
          |
        8 | /     - community
        9 | |     - database
          | |______________^
          |
          = help: the tag is left out; remove it from `meta.tags`

        1 error and 1 warning in 4 entries
        ");
    drop(registry);
    let away = runner.run(["catalog", "--online", "--out", "other.yaml"]);
    assert_eq!(away.status, 3, "{}", away.stdout);
    assert!(!runner.root().join("other.yaml").exists());
}
