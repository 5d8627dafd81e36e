"""A real nginx in front of a bridge, with the snippets of contrib/ as its configuration."""
import subprocess

from gateway import Endpoint
from ports import free_port, listens
from wire import until


def command(folder, http):
    """nginx with this content of its http block, and all its files in the folder."""
    main = folder / 'main.conf'
    main.write_text(f'daemon off; master_process off; pid {folder}/pid; error_log {folder}/nginx.log;\n'
                    f'events {{}}\nhttp {{ access_log off; client_body_temp_path {folder}/body;\n'
                    f'proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;\n'
                    f'uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; {http} }}\n')
    return ['nginx', '-p', str(folder), '-c', str(main)]


def serve(lab, locations):
    """nginx with one server that has these locations; where it listens."""
    port = free_port()
    lab.spawn(*command(lab.folder, f'server {{ listen 127.0.0.1:{port};\n{locations} }}'), stderr=subprocess.DEVNULL)
    until(lambda: listens(port), lambda: (lab.folder / 'nginx.log').read_text())
    return Endpoint(f'127.0.0.1:{port}')


def stop(lab):
    """Its idle connections count as clients of the bridge."""
    for process in lab.processes:
        process.terminate()
        process.wait()
