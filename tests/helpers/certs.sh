# shellcheck shell=bash
#
# Certificates for tests over TLS, in $TMP; sourced after tests/lib.sh. make_ca NAME and make_cert NAME
# EXTENSION [SUBJECT] leave NAME.pem and NAME.key there, the latter signed by the authority `ca`. They keep
# all of RFC 5280, because Python 3.13 insists on it.

make_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj "/CN=$1" -addext keyUsage=critical,keyCertSign,cRLSign \
		-keyout "$TMP/$1.key" -out "$TMP/$1.pem" 2>>"$TMP/openssl"
}

make_cert() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "${3:-/CN=$1}" \
		-keyout "$TMP/$1.key" -out "$TMP/$1.csr" 2>>"$TMP/openssl" &&
		openssl x509 -req -in "$TMP/$1.csr" -CA "$TMP/ca.pem" -CAkey "$TMP/ca.key" \
			-CAcreateserial -days 2 -out "$TMP/$1.pem" \
			-extfile <(printf '%s\n' "$2" subjectKeyIdentifier=hash authorityKeyIdentifier=keyid) 2>>"$TMP/openssl"
}

# shellcheck disable=SC2034 # for make_cert: what a server of this machine is called
LOCAL_NAMES=subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1
