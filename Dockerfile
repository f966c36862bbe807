# The operator's image. It builds with the classic builder and with BuildKit alike:
#   docker build --target operator --tag containerjob-operator:VERSION .
# Any base with glibc and Python 3.11 or newer will do. `make image` builds it on machines that reach no registry.
ARG BASE=python:3.13-slim

# ---- everything that is installed, in one folder: the build tools stay behind in this stage
FROM ${BASE} AS build
# Mirrors to install from, for those who have any; the hashes in the locks hold whatever they serve.
ARG PIP_INDEX_URL
ARG UV_DEFAULT_INDEX
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
    NO_COLOR=1 UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
WORKDIR /source
# A folder `wheels` is there only where packages were collected outside; then nothing is downloaded.
COPY pyproject.toml requirements.lock wheels* /wheels/
COPY tools/bootstrap.lock tools/image/install.sh tools/image/build.lock /install/
RUN sh /install/install.sh tools
RUN sh /install/install.sh packages operator
COPY LICENSE README.md pyproject.toml /source/
COPY charts /source/charts
COPY cli /source/cli
COPY crds /source/crds
COPY examples /source/examples
COPY operator /source/operator
COPY tests/emulators /source/tests/emulators
RUN sh /install/install.sh product

# ---- what every final image has in common
FROM ${BASE} AS runtime
# Whoever breaks in finds no installer; what Python would compile at each start, since it cannot write, is compiled here.
COPY tools/image/prepare_base.py /tmp/
RUN python3 /tmp/prepare_base.py && rm /tmp/prepare_base.py
# The user has no entry in /etc/passwd, and libraries ask for a name and a home.
ENV PATH=/opt/containerjob/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/tmp USER=containerjob LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1 PYTHONSAFEPATH=1
WORKDIR /
USER 65532:65532
ENTRYPOINT ["containerjob-operator"]
ARG BASE
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG SOURCE=""
LABEL org.opencontainers.image.title="containerjob-operator" \
      org.opencontainers.image.description="Runs ContainerJobs on container hosts outside the cluster" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="${BASE}" \
      io.containerjobs.sbom="/opt/containerjob/sbom.cdx.json"

# ---- the default: Docker and Podman hosts
FROM runtime AS operator
COPY --from=build /opt/containerjob /opt/containerjob

# ---- the same with what CloudRunHosts need
FROM build AS build-cloudrun
RUN sh /install/install.sh packages operator cloudrun && sh /install/install.sh product

FROM runtime AS cloudrun
COPY --from=build-cloudrun /opt/containerjob /opt/containerjob

# ---- what a build without --target makes
FROM operator
