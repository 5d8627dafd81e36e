# wsluice in an image of its own: one static binary, no shell, no root.
#
#   docker build -t wsluice .
#   docker run -p 6080:6080 wsluice 6080 desk:5900              arguments are the command line
#   docker run -p 6080:6080 -e WSLUICE_TARGET=desk:5900 wsluice    or variables are
#   docker run -v ./wsluice.yaml:/etc/wsluice/wsluice.yaml:ro wsluice    or the file is
#
# contrib/recipes/containers.md has more, for Compose and Kubernetes too.
FROM debian:trixie-slim AS build
RUN apt-get -q update && \
    DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends \
        build-essential ca-certificates cmake libhiredis-dev libjansson-dev libseccomp-dev libssl-dev libuv1-dev libyaml-dev ninja-build pkg-config && \
    rm -rf /var/lib/apt/lists/*
COPY . /src
RUN cmake -S /src -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DWSLUICE_STATIC=ON && \
    cmake --build /build --target wsluice && \
    install -D -s /build/wsluice /image/usr/bin/wsluice && \
    ln -s wsluice /image/usr/bin/websockify && \
    install -D -m 644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt && \
    install -D -m 644 /src/LICENSE /image/usr/share/doc/wsluice/copyright && \
    mkdir -p /image/etc/wsluice /empty && \
    echo 'wsluice:x:65532:65532::/:/sbin/nologin' >/image/etc/passwd && \
    echo 'wsluice:x:65532:' >/image/etc/group

FROM scratch
COPY --from=build /image /
COPY --from=build --chown=65532:65532 /empty /run/wsluice
ENV PATH=/usr/bin \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    WSLUICE_CONFIG=/etc/wsluice/wsluice.yaml \
    WSLUICE_ADMIN_SOCKET=/run/wsluice/admin.sock
# For the admin socket, where the root is read-only too.
VOLUME /run/wsluice
USER 65532:65532
EXPOSE 6080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/usr/bin/wsluice", "health"]
ENTRYPOINT ["/usr/bin/wsluice"]
LABEL org.opencontainers.image.title="wsluice" \
      org.opencontainers.image.description="Bridge WebSocket clients to TCP and Unix-socket services" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="0.2.0"
