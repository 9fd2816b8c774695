#!/bin/sh
# Makes the certificates of the TLS tests: a CA and four server certificates that share one key. Run it in this folder
# with openssl 3. The dates are fixed, so that validity never changes. The CA's key is deleted; key.pem is used by the
# servers of these tests only.
set -eu
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }
cat > "$work/ca.cnf" <<CNF
[ca]
default_ca = test
[test]
database = $work/index
new_certs_dir = $work
default_md = sha256
policy = policy
rand_serial = yes
unique_subject = no
[policy]
commonName = supplied
[req]
distinguished_name = name
[name]
CNF
touch "$work/index"

# issue NAME EXTENSIONS END-DATE KEY SIGNING-OPTIONS...
issue() {
  printf '%b' "$2" > "$work/extensions"
  openssl req -new -config "$work/ca.cnf" -key "$4" -subj "/CN=Hookline test $1" -out "$work/request"
  certificate=$1.pem
  end=$3
  shift 4
  openssl ca -batch -notext -config "$work/ca.cnf" -startdate 20200101000000Z -enddate "${end}000000Z" \
    -extfile "$work/extensions" -in "$work/request" -out "$certificate" "$@" 2>/dev/null
}

new_key "$work/ca.key"
new_key key.pem
by_ca="-cert ca.pem -keyfile $work/ca.key"
issue ca 'basicConstraints=critical,CA:TRUE\n' 21200101 "$work/ca.key" -selfsign -keyfile "$work/ca.key"
issue good 'subjectAltName=DNS:receiver.test,IP:127.0.0.1\n' 21200101 key.pem $by_ca
issue wrong-host 'subjectAltName=DNS:elsewhere.test\n' 21200101 key.pem $by_ca
issue expired 'subjectAltName=DNS:receiver.test\n' 20200201 key.pem $by_ca
issue self-signed 'subjectAltName=DNS:receiver.test\n' 21200101 key.pem -selfsign -keyfile key.pem
