# syntax=docker/dockerfile:1
FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG TARGETARCH
WORKDIR /source
# Restored before the sources are copied, so that a change of code does not fetch the packages again.
COPY .editorconfig global.json Directory.Build.props Directory.Packages.props ./
COPY src/Cli/Cli.csproj src/Cli/
COPY src/Client/Client.csproj src/Client/
COPY src/Coordinator/Coordinator.csproj src/Coordinator/
COPY src/Diffusion/Diffusion.csproj src/Diffusion/
COPY src/ServiceDefaults/ServiceDefaults.csproj src/ServiceDefaults/
COPY src/Shared/Shared.csproj src/Shared/
COPY src/Worker/Worker.csproj src/Worker/
RUN dotnet restore src/Cli -a ${TARGETARCH}
COPY src src
RUN dotnet publish src/Cli -c Release -a ${TARGETARCH} --no-self-contained --no-restore -o /app && mkdir /data

FROM busybox:1.37-musl AS health

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
COPY --from=health /bin/wget /usr/bin/wget
COPY --from=build /app /app
COPY --from=build --chown=1654:1654 /data /data
COPY LICENSE THIRD-PARTY-NOTICES.md /app/
ENV HOME=/data \
    DOTNET_CLI_TELEMETRY_OPTOUT=1 \
    MASSTRANSIT_USAGE_TELEMETRY=false \
    RENDERFARM__Coordinator__Urls=http://0.0.0.0:8080
WORKDIR /data
USER 1654:1654
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/bin/wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["/app/renderfarm"]
CMD ["coordinator"]
