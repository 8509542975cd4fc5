#!/bin/sh
# Makes the secrets of compose.yaml, once, each of them by chance: there is no default password anywhere.
#
#     sh deploy/make-secrets.sh [FOLDER]      FOLDER: where compose.yaml is; else the folder of this script
#
# FOLDER/secrets/database-password   password of the database of Looply
# FOLDER/secrets/looply.toml         settings that are secret: the same password in an address, and the key of the
#                                    stored secrets. Keep a copy of this key elsewhere: without it no connection opens.
# FOLDER/.env                        password of the database of Temporal, which takes it from the environment only
#
# What is there already is left as it is, and the script ends with 1.
set -eu

folder=${1:-$(dirname "$0")}
secrets=$folder/secrets

for file in "$secrets" "$folder/.env"; do
    if [ -e "$file" ]; then
        echo "$file is there already; nothing was made" >&2
        exit 1
    fi
done

chance() { # BYTES of chance in base64, on one line
    head -c "$1" /dev/urandom | base64 | tr -d '\n'
}
word() { # a password that needs no escaping in an address
    chance 32 | tr '+/' '-_' | tr -d '='
}

# Only the folder keeps others out: inside a container another user reads the files than the one that made them here.
mkdir -p "$folder"
(umask 077 && mkdir "$secrets")
password=$(word)
printf '%s' "$password" > "$secrets/database-password"
cat > "$secrets/looply.toml" <<TOML
database = "postgresql://looply:$password@postgres:5432/looply"
encryption_key = "$(chance 32)"
TOML
chmod 0644 "$secrets/database-password" "$secrets/looply.toml"
(umask 077 && printf 'TEMPORAL_DATABASE_PASSWORD=%s\n' "$(word)" > "$folder/.env")
echo "made $secrets and $folder/.env"
