# The image of a release: the program and nothing else. Its context has one program for each architecture.
FROM scratch
ARG TARGETARCH
COPY $TARGETARCH /mcp-registry
USER 65534:65534
ENTRYPOINT ["/mcp-registry"]
