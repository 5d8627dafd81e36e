#!/bin/sh
# A private sshd, with users of its own that exist nowhere else: it runs in a mount namespace where files lie over
# /etc/passwd, /etc/shadow and /etc/pam.d. Runs in the foreground until it is ended by SIGTERM.
#
# usage: tests/ssh/sshd.sh FOLDER PORT [OPTION=VALUE...]   as root
#   FOLDER  where all users may enter; receives host_ed25519, host_ecdsa, host_rsa, user_*, password, known, home/
#   PORT    of 127.0.0.1
#   OPTION=VALUE  of sshd_config(5), before the others
#
# Users, all with the password in FOLDER/password and the keys FOLDER/user_*.pub:
#   ada  password or key        kim  keyboard-interactive alone        two  key, then keyboard-interactive
set -eu
folder=$1 port=$2
shift 2
uid=64999
sshd=$(command -v sshd || echo /usr/sbin/sshd)

keygen() { # FILE OPTION...
    file=$1
    shift
    [ -e "$file" ] || ssh-keygen -q -N '' -C "$(basename "$file")" -f "$file" "$@" </dev/null
}

umask 022
chmod 755 "$folder"
keygen "$folder/host_ed25519" -t ed25519
keygen "$folder/host_ecdsa" -t ecdsa
keygen "$folder/host_rsa" -t rsa -b 2048
keygen "$folder/user_ed25519" -t ed25519
for bits in 256 384 521; do
    keygen "$folder/user_ecdsa$bits" -t ecdsa -b $bits
done
keygen "$folder/user_rsa" -t rsa -b 2048
[ -e "$folder/password" ] || (umask 077 && openssl rand -base64 12 >"$folder/password")
cat "$folder"/user_*.pub >"$folder/authorized"
echo "Private machine: tests only" >"$folder/banner"

etc=$folder/etc
mkdir -p "$etc/pam.d" "$folder/home"
grep -v -E '^(ada|kim|two):' /etc/passwd >"$etc/passwd"
(umask 077 && grep -v -E '^(ada|kim|two):' /etc/shadow >"$etc/shadow")
hash=$(openssl passwd -6 -stdin <"$folder/password")
for user in ada kim two; do
    mkdir -p "$folder/home/$user"
    chown $uid "$folder/home/$user"
    echo "$user:x:$uid:65534::$folder/home/$user:/bin/sh" >>"$etc/passwd"
    echo "$user:$hash:19000:0:99999:7:::" >>"$etc/shadow"
done
cat >"$etc/pam.d/sshd" <<'END'
auth    required pam_unix.so nodelay
account required pam_permit.so
session required pam_permit.so
END

config=$folder/sshd_config
{
    for option in "$@"; do
        echo "${option%%=*} ${option#*=}"
    done
    cat <<END
ListenAddress 127.0.0.1:$port
HostKey $folder/host_ed25519
HostKey $folder/host_ecdsa
HostKey $folder/host_rsa
PidFile none
UsePAM yes
StrictModes no
PermitRootLogin no
PasswordAuthentication yes
KbdInteractiveAuthentication no
AuthorizedKeysFile $folder/authorized
Banner $folder/banner
PrintMotd no
PrintLastLog no
UseDNS no
AcceptEnv LANG
RekeyLimit 1M
Subsystem sftp internal-sftp
Match User kim
    PasswordAuthentication no
    PubkeyAuthentication no
    KbdInteractiveAuthentication yes
Match User two
    PasswordAuthentication no
    KbdInteractiveAuthentication yes
    AuthenticationMethods publickey,keyboard-interactive
END
} >"$config"

# Newer ones are slow to answer a client that was refused before.
mkdir -p /run/sshd
set --
if "$sshd" -t -f "$config" -o PerSourcePenalties=no 2>/dev/null; then
    set -- -o PerSourcePenalties=no
fi
export etc sshd config
exec setpriv --pdeathsig TERM unshare --mount --propagation private sh -c '
    mount --bind "$etc/passwd" /etc/passwd
    mount --bind "$etc/shadow" /etc/shadow
    mount --bind "$etc/pam.d" /etc/pam.d
    exec "$sshd" -D -e -f "$config" "$@"' sshd "$@"
