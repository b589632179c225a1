print("loopguard")
