"""Certificates for a test run, made by the openssl command: a CA, servers with ECDSA and RSA keys, a
client, and a CA that nobody trusts."""
import base64
import hashlib
import pathlib
import ssl
import subprocess
import time

EC = ('ec', '-pkeyopt', 'ec_paramgen_curve:P-256')
RSA = ('rsa:2048',)


def strict(authority):
    """A client's context that trusts a file alone, and takes RFC 5280 by the letter: the default from Python 3.13 on."""
    context = ssl.create_default_context(cafile=authority)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


class Certs:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.ca, self.ca_key = self.authority('ca')
        self.stranger, self.stranger_key = self.authority('stranger')
        self.ec, self.ec_key = self.leaf('ec', EC, 'localhost')
        self.rsa, self.rsa_key = self.leaf('rsa', RSA, 'localhost')
        self.other, self.other_key = self.leaf('other', EC, 'elsewhere.example')
        self.client, self.client_key = self.leaf('client', EC, 'somebody')
        self.fake, self.fake_key = self.leaf('fake', EC, 'localhost', issuer='stranger')

    def openssl(self, *arguments):
        subprocess.run(['openssl', *map(str, arguments)], check=True, capture_output=True, stdin=subprocess.DEVNULL)

    def authority(self, name):
        cert, key = self.folder / f'{name}.pem', self.folder / f'{name}.key'
        self.openssl('req', '-x509', '-nodes', '-newkey', *EC, '-days', 30, '-subj', f'/CN=wsluice test {name}',
                     '-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-keyout', key, '-out', cert)
        return str(cert), str(key)

    def leaf(self, name, algorithm, host, issuer='ca'):
        cert, key = self.folder / f'{name}.pem', self.folder / f'{name}.key'
        names = f'subjectAltName=DNS:{host}' + (',IP:127.0.0.1' if host == 'localhost' else '')
        self.openssl('req', '-x509', '-nodes', '-newkey', *algorithm, '-days', 30, '-subj', f'/CN={host}',
                     '-CA', self.folder / f'{issuer}.pem', '-CAkey', self.folder / f'{issuer}.key',
                     '-addext', names, '-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', key, '-out', cert)
        return str(cert), str(key)

    def dated(self, name, host, begin, end):
        """A server's certificate that is valid between two Unix times; its key is in the same file."""
        request, cert, key, both = (self.folder / f'{name}.{kind}' for kind in ('csr', 'pem', 'key', 'both.pem'))
        config, names, database = (self.folder / f'{name}.{kind}' for kind in ('cnf', 'ext', 'db'))
        self.openssl('req', '-nodes', '-newkey', *EC, '-subj', f'/CN={host}', '-keyout', key, '-out', request)
        database.write_text('')
        names.write_text(f'subjectAltName=DNS:{host}\nbasicConstraints=critical,CA:FALSE\n'
                         'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n')
        config.write_text(f'[ca]\ndefault_ca = it\n[it]\ndatabase = {database}\nnew_certs_dir = {self.folder}\n'
                          'policy = any\ndefault_md = sha256\nrand_serial = yes\nunique_subject = no\n'
                          '[any]\ncommonName = supplied\n')
        begin, end = (time.strftime('%Y%m%d%H%M%SZ', time.gmtime(when)) for when in (begin, end))
        self.openssl('ca', '-batch', '-notext', '-config', config, '-cert', self.ca, '-keyfile', self.ca_key,
                     '-startdate', begin, '-enddate', end, '-extfile', names, '-in', request, '-out', cert)
        both.write_text(cert.read_text() + key.read_text())
        return str(both)

    def encrypted_key(self, password):
        key = self.folder / 'encrypted.key'
        self.openssl('pkey', '-in', self.ec_key, '-aes256', '-passout', f'pass:{password}', '-out', key)
        return str(key)

    def combined(self):
        """Certificate and key in one file."""
        both = self.folder / 'combined.pem'
        both.write_text(pathlib.Path(self.ec).read_text() + pathlib.Path(self.ec_key).read_text())
        return str(both)

    def context(self, *, lowest=None, highest=None, client=None, alpn=None):
        """A client's context that trusts our CA alone."""
        context = strict(self.ca)
        if lowest:
            context.minimum_version = lowest
        if highest:
            context.maximum_version = highest
        if client:
            context.load_cert_chain(*client)
        if alpn:
            context.set_alpn_protocols(alpn)
        return context

    def server_context(self, certificate, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context


def pin_of(pair):
    """The pin of a certificate's key, as OpenSSL's own commands make it."""
    key = subprocess.run(['openssl', 'x509', '-in', pair[0], '-noout', '-pubkey'], check=True, capture_output=True).stdout
    bare = subprocess.run(['openssl', 'pkey', '-pubin', '-outform', 'der'], input=key, check=True, capture_output=True)
    return 'sha256//' + base64.b64encode(hashlib.sha256(bare.stdout).digest()).decode()
