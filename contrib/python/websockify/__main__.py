"""python3 -m websockify"""
from websockify.websocketproxy import websockify_init

if __name__ == '__main__':
    websockify_init()
