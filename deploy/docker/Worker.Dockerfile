# syntax=docker/dockerfile:1
# OnnxRuntimeFlavor=Cpu: a small image for any machine. Gpu: on NVIDIA's CUDA and cuDNN runtime, for Worker:Device=cuda:0.
ARG OnnxRuntimeFlavor=Cpu
ARG CudaImage=nvidia/cuda:12.9.1-cudnn-runtime-ubuntu24.04

FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG TARGETARCH
ARG OnnxRuntimeFlavor
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
RUN dotnet restore src/Cli -a ${TARGETARCH} -p:OnnxRuntimeFlavor=${OnnxRuntimeFlavor}
COPY src src
RUN dotnet publish src/Cli -c Release -a ${TARGETARCH} --no-self-contained --no-restore -p:OnnxRuntimeFlavor=${OnnxRuntimeFlavor} -o /app \
    && mkdir /data

FROM busybox:1.37-musl AS health

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble AS dotnet

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled AS runtime-cpu

FROM ${CudaImage} AS runtime-gpu
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libssl3t64 libstdc++6 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=dotnet /usr/share/dotnet /usr/share/dotnet
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

# Docker compares the names of stages without regard to case.
FROM runtime-${OnnxRuntimeFlavor}
COPY --from=health /bin/wget /usr/bin/wget
COPY --from=build /app /app
COPY --from=build --chown=1654:1654 /data /data
COPY models/emoji /models/emoji
COPY LICENSE THIRD-PARTY-NOTICES.md /app/
ENV HOME=/data \
    DOTNET_CLI_TELEMETRY_OPTOUT=1 \
    MASSTRANSIT_USAGE_TELEMETRY=false \
    RENDERFARM__Worker__Models=/models \
    RENDERFARM__Worker__HealthUrls=http://0.0.0.0:8081
WORKDIR /data
USER 1654:1654
EXPOSE 8081
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/bin/wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8081/healthz"]
ENTRYPOINT ["/app/renderfarm"]
CMD ["worker"]
