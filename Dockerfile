# The environment that envs/requirements.txt pins, for `docker run` and for `snakemake --sdm apptainer`; docs/containers.md.
FROM debian:bookworm-slim

# Debian keeps only the newest version of a package.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

ARG UV_VERSION=0.13.9
COPY envs/requirements.txt /opt/requirements.txt
RUN python3 -m venv /opt/scalestream \
    && /opt/scalestream/bin/python -m pip install --no-cache-dir "uv==${UV_VERSION}" \
    && /opt/scalestream/bin/uv pip sync --no-cache --python /opt/scalestream/bin/python --require-hashes \
        --compile-bytecode /opt/requirements.txt

ENV PATH=/opt/scalestream/bin:$PATH
WORKDIR /work
CMD ["snakemake", "--cores", "all"]
