"""The doors by which text comes in; every door turns messages into SpeakRequest.

One room for each door. From outside its `door` is used, and `mqtt.probe`, `socket.address` and
`socket.render`; rooms do not know each other. Beside them stands what they share.
"""
